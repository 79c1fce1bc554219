import { createMemoryStore } from '../../../src/adapters/memory/store';
import { systemClock } from '../../../src/adapters/system/clock';
import { commandsContract } from '../../contract/commands';
import { gatesContract } from '../../contract/gates';
import { inputsContract } from '../../contract/inputs';
import { limitsContract } from '../../contract/limits';
import { runTimesContract } from '../../contract/runTimes';
import { shardLeasesContract } from '../../contract/shardLeases';
import { storeContract } from '../../contract/store';

describe('the store in memory', () => {
  storeContract(() => Promise.resolve(createMemoryStore(systemClock)));
});

describe('inputs in memory', () => {
  inputsContract(() => Promise.resolve(createMemoryStore(systemClock)));
});

describe('commands in memory', () => {
  commandsContract(() => Promise.resolve(createMemoryStore(systemClock)));
});

describe('gates in memory', () => {
  gatesContract(() => Promise.resolve(createMemoryStore(systemClock).gates));
});

describe('limits in memory', () => {
  limitsContract(() => Promise.resolve(createMemoryStore(systemClock).limits));
});

describe('run times in memory', () => {
  runTimesContract(() => Promise.resolve(createMemoryStore(systemClock).runTimes));
});

describe('shard leases in memory', () => {
  shardLeasesContract(() => {
    const { leases } = createMemoryStore(systemClock);
    return Promise.resolve({ leases, others: [leases, leases] });
  });
});
