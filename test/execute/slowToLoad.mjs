/** A module that isn't loaded before a while is over. */
import { setTimeout as pause } from 'node:timers/promises';

await pause(300);

export default () => 'loaded';
