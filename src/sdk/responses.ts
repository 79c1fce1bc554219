/** What the API answers. Times are ISO 8601 in UTC, and null for what hasn't happened. */
export type * from './responses/cluster';
export type * from './responses/commands';
export { isFinal } from './responses/dags';
export type * from './responses/dags';
export type * from './responses/deadLetters';
export type * from './responses/schedules';
export type * from './responses/shapes';
