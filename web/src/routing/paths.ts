/** The paths at which the page shows something. The server has the same (src/edge/pages.ts; a test holds both together); at any other a browser gets the page with status 404. */
export const PAGE_PATHS = [
  '/',
  '/dags',
  '/dags/:dagId',
  '/tasks/:taskId',
  '/submit',
  '/workers',
  '/dead-letters',
  '/limits',
  '/pools',
  '/schedules',
  '/schedules/new',
  '/schedules/:scheduleId',
] as const;

export type PagePath = (typeof PAGE_PATHS)[number];

export const dagPath = (dagId: string): string => `/dags/${encodeURIComponent(dagId)}`;
export const poolPath = (name: string): string => `/pools?pool=${encodeURIComponent(name)}`;
export const schedulePath = (scheduleId: string): string => `/schedules/${encodeURIComponent(scheduleId)}`;
export const taskPath = (taskId: string): string => `/tasks/${encodeURIComponent(taskId)}`;
