/** The one place that knows the settings: from files, variables and flags to one frozen value. */
export { describeSettings } from './config/document';
export { loadConfig, type Loaded } from './config/load';
export { maskUrl } from './config/mask';
export { nearest } from './config/nearest';
export { printConfig } from './config/print';
export { ROLES } from './config/shape';
export type * from './config/shape';
export type { Sources } from './config/sources';
