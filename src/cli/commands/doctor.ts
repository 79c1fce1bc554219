import { type Command } from 'commander';
import type { DoctorReport } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { EXIT } from '../exitCodes';
import { count, durationText } from '../render/words';

/** Each check with what it found and what a repair would do. */
const linesOf = ({ checks, dags, tookMs }: DoctorReport): string[] => [
  ...checks.flatMap(({ title, count: found, unknown, examples, repair }) => {
    if (unknown !== null) return [`?  ${title}: ${unknown}`];
    if (found === 0) return [`ok ${title}`];
    const more = found > examples.length ? [`     and ${String(found - examples.length)} more`] : [];
    return [`!! ${title}: ${count(found, 'finding')}`, ...examples.map((words) => `     ${words}`), ...more, `   repair: ${repair}`];
  }),
  `${count(dags, 'live DAG')} looked at twice in ${durationText(tookMs)}`,
];

/** `dts doctor [--repair]` */
export const addDoctor = (program: Command, { terminal, leaveWith }: Context): void => {
  program
    .command('doctor')
    .description('audit the invariants of the live system; leaves with 1 where something is wrong')
    .option('--repair', 'do something about what is wrong, after showing what; then look again')
    .option('--check <checks...>', 'repair only what these checks find')
    .action(async ({ repair, check }: { repair?: true; check?: readonly string[] }, command: Command) => {
      const client = clientFor(command);
      const show = (report: DoctorReport): void => {
        if (wantsJson(command)) terminal.out(JSON.stringify(report));
        else for (const line of linesOf(report)) terminal.out(line);
      };
      let report = await client.doctor();
      if (repair === undefined || report.findings === 0) show(report);
      else {
        if (!wantsJson(command)) show(report);
        const { repaired } = await client.repair(check);
        for (const [name, done] of Object.entries(repaired)) if (done > 0) terminal.note(`repaired ${name}: ${String(done)}`);
        report = await client.doctor();
        show(report);
      }
      if (report.findings > 0) leaveWith(EXIT.findings);
    });
};
