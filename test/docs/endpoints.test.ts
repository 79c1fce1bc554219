/** README.md's table of endpoints against the description of the API. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { paths } from '../../docs/openapi.json';
import { projectRoot } from '../harness/processes';

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
}

const readme = readFileSync(path.join(projectRoot, 'README.md'), 'utf8');
const section = /^## Endpoints$([\s\S]*?)^## /m.exec(readme)?.[1] ?? '';

const quotedIn = (text: string): readonly string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, quoted = '']) => quoted);

/** `GET /a/b`, `/c` are GET /a/b and GET /a/c. */
const endpointsOf = (cell: string): readonly string[] =>
  quotedIn(cell).reduce<readonly string[]>((all, next) => [...all, next.startsWith('/') ? all.at(-1)!.replace(/\/[^/]+$/, next) : next], []);

/** Each endpoint of the table with the text beside it; `{command}` stands for each command that the text names. */
const told = new Map(
  [...section.matchAll(/^\| (`.*?`) \| (.*) \|$/gm)].flatMap(([, cell = '', text = '']) =>
    endpointsOf(cell).flatMap((endpoint): [string, string][] =>
      endpoint.includes('{command}') ? quotedIn(text).map((command) => [endpoint.replace('{command}', command), text]) : [[endpoint, text]],
    ),
  ),
);

const operations = Object.entries(paths as Record<string, Record<string, Operation>>).flatMap(([place, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ endpoint: `${method.toUpperCase()} ${place}`, operation })),
);

test('the README lists every endpoint that there is, and no other', () => {
  const described = operations.map(({ endpoint }) => endpoint);
  // The description doesn't describe itself, nor the page that shows it.
  expect([...told.keys()].sort()).toEqual([...described, 'GET /api/v1/openapi.json', 'GET /docs'].sort());
});

test('it names every parameter of the query, where it names any', () => {
  const missing = operations.flatMap(({ endpoint, operation: { parameters = [] } }) => {
    const text = told.get(endpoint)!;
    const named = quotedIn(text).map((quoted) => quoted.replace(/=.*$/, ''));
    const asked = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    return asked.some((name) => named.includes(name)) && !text.includes('the same filters')
      ? asked.filter((name) => !named.includes(name)).map((name) => `${endpoint}: ${name}`)
      : [];
  });
  expect(missing).toEqual([]);
});
