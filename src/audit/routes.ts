/** The doctor's paths: what is wrong, and what is done about it when somebody says so. */
import { Router } from 'express';
import { refusal } from '../core/refusal';
import { jsonOf, jsonOrNothing, rawBody, sendJson } from '../edge/requests';
import { CHECK_NAMES, CHECKS, type Check } from './checks';
import type { Doctor, Examination } from './doctor';
import type { Repair } from './repairs';

export interface AuditRoutesNeeds {
  readonly doctor: Doctor;
  readonly repair: Repair;
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

/** The checks that a body names; all of them where it names none. */
const checksIn = (body: unknown): readonly Check[] => {
  if (body === undefined) return CHECK_NAMES;
  const { checks, ...others } = (typeof body === 'object' && body !== null && !Array.isArray(body) ? body : { body }) as Readonly<
    Record<string, unknown>
  >;
  const wrong = Object.keys(others);
  const names: unknown = checks ?? CHECK_NAMES;
  const known = `must be a list of ${CHECK_NAMES.join(', ')}`;
  const problems = [
    ...wrong.map((path) => ({ path, message: 'there is no such field here, only checks' })),
    ...(Array.isArray(names)
      ? names.flatMap((name, i) => (isCheck(name) ? [] : [{ path: `checks[${String(i)}]`, message: known }]))
      : [{ path: 'checks', message: known }]),
  ];
  if (problems.length > 0) throw refusal('WRONG_SHAPE', 'the body has fields that are wrong', { problems: problems.slice(0, 100) });
  return names as Check[];
};

/** The paths. */
export const auditRoutes = ({ doctor, repair, bodyBytes }: AuditRoutesNeeds): Router => {
  const router = Router();
  router.get('/api/v1/doctor', async (_request, response) => {
    sendJson(response, JSON.stringify(reportOf(await doctor.examine())));
  });
  router.post('/api/v1/doctor/repair', jsonOrNothing, rawBody(bodyBytes), async (request, response) => {
    const checks = checksIn(jsonOf(request));
    const examination = await doctor.examine();
    const repaired: Record<string, number> = {};
    for (const check of checks) repaired[check] = await repair(check, examination.findings.get(check) ?? []);
    sendJson(response, JSON.stringify({ ...reportOf(examination), repaired }));
  });
  return router;
};
