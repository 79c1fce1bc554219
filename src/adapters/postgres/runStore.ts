/** The engine's store on PostgreSQL. */
import type { RunStore } from '../../ports/store';
import { createAdmit } from './admission';
import { createCommit } from './commits';
import type { Database } from './database';
import { createAnyDag, createCreatedDags, createLiveDag, createLiveDags } from './liveRuns';

/** Makes the RunStore of an open, migrated database. */
export const createRunStore = ({ engine }: Pick<Database, 'engine'>): RunStore => ({
  admit: createAdmit(engine),
  commit: createCommit(engine),
  liveDags: createLiveDags(engine),
  liveDag: createLiveDag(engine),
  anyDag: createAnyDag(engine),
  createdDags: createCreatedDags(engine),
});
