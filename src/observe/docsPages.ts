/** The pages at /docs: plain HTML around swagger-ui, and the table of errors. */
import { FAILURES, REFUSALS, type ErrorRow } from '../core/refusal';

/** Nothing from elsewhere; swagger-ui sets styles and embeds its icons itself. */
export const PAGE_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

const html = (title: string, head: string, body: string): string =>
  `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>${title}</title>\n${head}\n</head>\n<body>\n${body}\n</body>\n</html>\n`;

export const docsPage = (): string =>
  html(
    'Task scheduler API',
    '<link rel="stylesheet" href="/docs/assets/swagger-ui.css">\n<link rel="icon" href="/docs/assets/favicon-32x32.png">',
    '<div id="api"></div>\n<script src="/docs/assets/swagger-ui-bundle.js"></script>\n<script src="/docs/start.js"></script>',
  );

export const docsScript = (): string =>
  "SwaggerUIBundle({ url: '/api/v1/openapi.json', dom_id: '#api', deepLinking: true, tryItOutEnabled: true, validatorUrl: null });\n";

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** All rows of the error table by code, sorted by status, then code. */
export const errorRows = (): (ErrorRow & { readonly code: string })[] =>
  Object.entries<ErrorRow>({ ...REFUSALS, ...FAILURES })
    .map(([code, row]) => ({ code, ...row }))
    .sort((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1));

export const errorsPage = (): string => {
  const rows = errorRows().map(
    ({ code, status, title, remedy }) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escaped(title)}</td><td>${escaped(remedy)}</td></tr>`,
  );
  return html(
    'Errors of the task scheduler API',
    '',
    `<h1>Errors</h1>\n<table>\n<tr><th>Code</th><th>Status</th><th>What it is</th><th>What to do</th></tr>\n${rows.join('\n')}\n</table>`,
  );
};
