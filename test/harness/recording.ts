/** Whether recorded files are to be written anew (scripts/stories.mjs --record) in place of being compared. */
export const isRecording = (): boolean => process.env['RECORD_STORIES'] === '1';
