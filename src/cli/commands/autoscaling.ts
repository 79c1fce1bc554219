import type { Command } from 'commander';
import type { Autoscaling, Scaling, ScalingJudgement } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { count, durationText, table } from '../render/words';

const settingsLine = ({ dryRun, driver, min, max, targetWaitSeconds, coolDownSeconds }: Autoscaling['settings']): string =>
  `${dryRun ? 'a dry run of ' : ''}${driver}, ${String(min)} to ${count(max, 'worker')}: tasks begin within ${durationText(targetWaitSeconds * 1_000)}, workers leave after ${durationText(coolDownSeconds * 1_000)} of less`;

const currentLines = (now: ScalingJudgement): string[] => {
  const { wanted, active, starting, draining, reason, scheduler } = now;
  const others = [...(starting > 0 ? [`${String(starting)} starting`] : []), ...(draining > 0 ? [`${String(draining)} leaving`] : [])];
  return [`${String(wanted)} wanted, ${[`${String(active)} at work`, ...others].join(', ')}, says ${scheduler}`, `  ${reason}`];
};

const row = ({ at, before, wanted, driver, dryRun, done, error, reason }: Scaling): string[] => [
  at,
  `${String(before)} → ${String(wanted)}`,
  dryRun ? `${driver} (dry run)` : driver,
  error === null ? (done ?? '-') : `failed: ${error}`,
  reason,
];

/** `dts autoscaling` */
export const addAutoscaling = (program: Command, { terminal }: Context): void => {
  program
    .command('autoscaling')
    .description('how many workers there are to be and why, and what was decided, newest first')
    .option('--limit <number>', 'at most so many decisions', '20')
    .option('--cursor <cursor>', 'go on where the last page ended')
    .action(async ({ limit, cursor }: { readonly limit: string; readonly cursor?: string }, command: Command) => {
      const shown = await clientFor(command).autoscaling({ limit: Number(limit), ...(cursor !== undefined && { cursor }) });
      if (wantsJson(command)) {
        terminal.out(JSON.stringify(shown));
        return;
      }
      const { settings, current, decisions } = shown;
      if (settings.enabled) terminal.out(settingsLine(settings));
      else terminal.note('autoscaling is off (autoscaling.enabled)');
      if (current !== null) for (const line of currentLines(current)) terminal.out(line);
      else if (settings.enabled) terminal.note('no scheduler has looked yet');
      if (decisions.items.length > 0)
        for (const line of table([['AT', 'WORKERS', 'DRIVER', 'DONE', 'REASON'], ...decisions.items.map(row)])) terminal.out(line);
      if (decisions.nextCursor !== null) terminal.note(`there are more: --cursor ${decisions.nextCursor}`);
    });
};
