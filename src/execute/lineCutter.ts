/** Text as it is printed, cut into lines. */
import type { LineLevel } from '../core/logLine';

export interface LineCutter {
  push(text: string, level?: LineLevel): void;
  /** The rest, where its line end never came. */
  flush(): void;
}

/** Whoever prints without line ends gets one after so many characters. */
const LONGEST = 65_536;

/** `say` gets each line, with the level that its last piece was pushed with. */
export const createLineCutter = (say: (line: string, level: LineLevel | undefined) => void): LineCutter => {
  let rest = '';
  let levelOfRest: LineLevel | undefined;
  return {
    push: (text, level) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      levelOfRest = level;
      for (const line of lines) say(line.endsWith('\r') ? line.slice(0, -1) : line, level);
      for (; rest.length > LONGEST; rest = rest.slice(LONGEST)) say(rest.slice(0, LONGEST), level);
    },
    flush: () => {
      if (rest !== '') say(rest, levelOfRest);
      rest = '';
    },
  };
};
