/** Times of `<input type="datetime-local">`, which are of the reader's zone, and those of addresses and of the API, which are of UTC. */
import { inputTime } from './format';

export const isoOfInput = (text: string): string => {
  const at = text === '' ? NaN : Date.parse(text);
  return Number.isNaN(at) ? '' : new Date(at).toISOString();
};

export const inputOfIso = (iso: string): string => {
  const at = iso === '' ? NaN : Date.parse(iso);
  return Number.isNaN(at) ? '' : inputTime(at);
};
