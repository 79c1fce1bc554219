/** How many columns text takes on a terminal; where that is open rather too many, since a line that is too long breaks a picture. */

const ASCII = /^[\x20-\x7e]*$/;
/** Accents and joiners, which belong to the character before. */
const NONE = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** Asks for the coloured, wide form of the character before. */
const AS_EMOJI = '\ufe0f';
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{17000}-\u{18dff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;

/** Of one character. */
export const columnsOf = (character: string): number => {
  if (ASCII.test(character) || character === AS_EMOJI) return 1;
  if (NONE.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
};

export const widthOf = (text: string): number =>
  ASCII.test(text) ? text.length : Array.from(text).reduce((sum, character) => sum + columnsOf(character), 0);

/** Filled up with spaces. */
export const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));
