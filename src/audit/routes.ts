/** The doctor's paths: what is wrong, and what is done about it when somebody says so. */
import { Router } from 'express';
import { STORABLE } from '../core/boundedText';
import { type Problem, refusal } from '../core/refusal';
import { LONGEST_WHO, type Who } from '../core/who';
import { commandBody, jsonOf, jsonOrNothing, sendJson } from '../edge/requests';
import type { Announce } from '../ports/happenings';
import { CHECK_NAMES, CHECKS, type Check } from './checks';
import type { Doctor, Examination } from './doctor';
import type { Repair } from './repairs';

export interface AuditRoutesNeeds {
  readonly doctor: Doctor;
  readonly repair: Repair;
  readonly announce: Announce;
  readonly bodyBytes: number;
}

const EXAMPLES_SHOWN = 20;

const reportOf = ({ findings, unknown, dags, tookMs }: Examination): object => ({
  findings: [...findings.values()].reduce((sum, found) => sum + found.length, 0),
  dags,
  tookMs: Math.round(tookMs),
  checks: CHECK_NAMES.map((check) => {
    const found = findings.get(check) ?? [];
    return {
      check,
      title: CHECKS[check].title,
      count: found.length,
      unknown: unknown.get(check) ?? null,
      examples: found.slice(0, EXAMPLES_SHOWN).map(({ words }) => words),
      repair: CHECKS[check].repair,
    };
  }),
});

const isCheck = (name: unknown): name is Check => typeof name === 'string' && Object.hasOwn(CHECKS, name);

interface Order {
  readonly checks: readonly Check[];
  readonly who: Who;
}

type Body = Readonly<Record<string, unknown>>;

const FIELDS = ['checks', 'by', 'reason'];
const storable = new RegExp(STORABLE, 'u');

const checkProblems = (checks: unknown): Problem[] => {
  const known = `must be a list of ${CHECK_NAMES.join(', ')}`;
  if (!Array.isArray(checks)) return [{ path: 'checks', message: known }];
  return checks.flatMap((name, i) => (isCheck(name) ? [] : [{ path: `checks[${String(i)}]`, message: known }]));
};

const isWords = (value: unknown, longest: number): boolean =>
  value === null || (typeof value === 'string' && value.length > 0 && Array.from(value).length <= longest && storable.test(value));

const whoProblems = (body: Body): Problem[] =>
  (['by', 'reason'] as const).flatMap((path) =>
    isWords(body[path] ?? null, LONGEST_WHO[path])
      ? []
      : [{ path, message: `must be a text of 1 to ${String(LONGEST_WHO[path])} characters, with neither NUL nor half a surrogate pair` }],
  );

/** What a body asks for: all checks where it names none. */
const orderIn = (given: unknown): Order => {
  const body = (typeof given === 'object' && given !== null && !Array.isArray(given) ? given : given === undefined ? {} : { body: given }) as Body;
  const { checks = CHECK_NAMES, by = null, reason = null } = body;
  const problems = [
    ...Object.keys(body).flatMap((path) =>
      FIELDS.includes(path) ? [] : [{ path, message: `there is no such field here, only ${FIELDS.join(', ')}` }],
    ),
    ...checkProblems(checks),
    ...whoProblems(body),
  ];
  if (problems.length > 0) throw refusal('WRONG_SHAPE', 'the body has fields that are wrong', { problems: problems.slice(0, 100) });
  return { checks: checks as Check[], who: { by, reason } as Who };
};

/** The paths. */
export const auditRoutes = ({ doctor, repair, announce, bodyBytes }: AuditRoutesNeeds): Router => {
  const router = Router();
  router.get('/api/v1/doctor', async (_request, response) => {
    sendJson(response, JSON.stringify(reportOf(await doctor.examine())));
  });
  router.post('/api/v1/doctor/repair', jsonOrNothing, commandBody(bodyBytes), async (request, response) => {
    const { checks, who } = orderIn(jsonOf(request));
    const examination = await doctor.examine();
    const repaired: Record<string, number> = {};
    for (const check of checks) repaired[check] = await repair(check, examination.findings.get(check) ?? [], who);
    announce('audit.repaired', { repaired, ...who });
    sendJson(response, JSON.stringify({ ...reportOf(examination), repaired }));
  });
  return router;
};
