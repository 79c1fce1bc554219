/** The duty of removing what is kept no longer, where anything is to be removed. */
import { createFolderArchive } from '../adapters/archive/folder';
import type { Config } from '../config';
import { every } from '../lifecycle/every';
import { whileLeading, type Leading } from '../lifecycle/leading';
import type { Service } from '../lifecycle/service';
import type { ExpiredDags } from '../ports/retention';
import { createRetention, isKeptForever } from '../retention/retention';
import type { ProcessLife } from './processLife';

const EVERY_MS = 10_000;

export interface RetentionDutyNeeds {
  readonly config: Pick<Config, 'retention'>;
  readonly life: Pick<ProcessLife, 'clock' | 'announce'>;
  readonly lead: Pick<Leading, 'fence'>;
  readonly dags: ExpiredDags;
}

/** Nothing where everything is kept for ever. */
export const createRetentionDuty = ({
  config: { retention: kept },
  life: { clock, announce },
  lead,
  dags,
}: RetentionDutyNeeds): readonly Service[] => {
  if (isKeptForever(kept)) return [];
  const archive = kept.archiveDir === null ? undefined : createFolderArchive(kept.archiveDir);
  const retention = createRetention({ kept, dags, archive, clock, announce, mayGoOn: () => lead.fence() !== undefined });
  return [
    every({
      name: 'retention',
      ms: EVERY_MS,
      clock,
      once: whileLeading(lead, () => retention.once()),
      onError: (error) => {
        announce('loop.failed', { loop: 'retention', error });
      },
    }),
  ];
};
