import { type Command } from 'commander';
import type { DoctorReport } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { EXIT } from '../exitCodes';
import { count, durationText, plain } from '../render/words';
import { whoOf, withReason, type WhoFlags } from './control';

/** Each check with what it found and what a repair would do. */
const linesOf = ({ checks, dags, tookMs }: DoctorReport): string[] => [
  ...checks.flatMap(({ title, count: found, unknown, examples, repair }) => {
    if (unknown !== null) return [`?  ${title}: ${unknown}`];
    if (found === 0) return [`ok ${title}`];
    const more = found > examples.length ? [`     and ${String(found - examples.length)} more`] : [];
    return [`!! ${title}: ${count(found, 'finding')}`, ...examples.map((words) => `     ${plain(words)}`), ...more, `   repair: ${repair}`];
  }),
  `${count(dags, 'live DAG')} looked at twice in ${durationText(tookMs)}`,
];

interface DoctorFlags extends WhoFlags {
  readonly repair?: true;
  readonly check?: readonly string[];
}

/** `dts doctor [--repair]` */
export const addDoctor = (program: Command, { terminal, leaveWith }: Context): void => {
  const command = program
    .command('doctor')
    .description('audit the invariants of the live system; leaves with 1 where something is wrong')
    .option('--repair', 'do something about what is wrong, after showing what; then look again')
    .option('--check <checks...>', 'repair only what these checks find');
  withReason(command).action(async ({ repair, check, ...flags }: DoctorFlags, self: Command) => {
    const client = clientFor(self);
    const show = (report: DoctorReport): void => {
      if (wantsJson(self)) terminal.out(JSON.stringify(report));
      else for (const line of linesOf(report)) terminal.out(line);
    };
    let report = await client.doctor();
    if (repair === undefined || report.findings === 0) show(report);
    else {
      // Programs read one document: what will be done is shown beside it.
      if (wantsJson(self)) for (const line of linesOf(report)) terminal.note(line);
      else show(report);
      const { repaired } = await client.repair(check, whoOf(flags));
      for (const [name, done] of Object.entries(repaired)) if (done > 0) terminal.note(`repaired ${name}: ${String(done)}`);
      report = await client.doctor();
      show(report);
    }
    if (report.findings > 0) leaveWith(EXIT.findings);
  });
};
