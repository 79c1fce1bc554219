/** Fails until the file that its payload names is there. */
import { existsSync } from 'node:fs';

export default ({ payload }) => {
  if (!existsSync(payload.mendedBy)) throw new Error('the partner answers 500');
  return 'mended';
};
