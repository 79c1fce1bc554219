/** The web page: files of one folder, read once and served from memory. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Router, type Request, type RequestHandler } from 'express';
import { refusal } from '../core/refusal';

/** The page's own paths: it shows something at each, and they are all answered with the same document. */
export const PAGE_PATHS = [
  '/',
  '/dags',
  '/dags/:dagId',
  '/tasks/:taskId',
  '/submit',
  '/workers',
  '/dead-letters',
  '/limits',
  '/pools',
  '/schedules',
  '/schedules/new',
  '/schedules/:scheduleId',
] as const;

/** Everything comes from here. Nothing is written into the document, so that no script and no style needs an exception. */
export const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.md': 'text/markdown; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
};

const packed = promisify(gzip);
const NOT_WORTH_PACKING = 1_024;

interface Served {
  readonly body: Buffer;
  readonly type: string;
  readonly tag: string;
  /** Made when it is first asked for. */
  zipped?: Promise<Buffer>;
}

const read = (file: string): Served => {
  const body = readFileSync(file);
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 27);
  return { body, type: TYPES[path.extname(file)] ?? 'application/octet-stream', tag: `W/"${hash}"` };
};

const filesIn = (folder: string): ReadonlyMap<string, Served> => {
  const names = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile()) : [];
  return new Map(names.map(({ name }) => [name, read(path.join(folder, name))]));
};

const takesGzip = (request: Request): boolean => request.acceptsEncodings('gzip') === 'gzip';

/** Answers with a file: 304 where the client has it, packed where it takes that. */
const serving =
  (served: (request: Request) => Served, cached: string, status = 200): RequestHandler =>
  async (request, response) => {
    const file = served(request);
    response.set({ 'Content-Type': file.type, 'Cache-Control': cached, ETag: file.tag, Vary: 'Accept-Encoding' });
    if (file.type === TYPES['.html']) response.set({ 'Content-Security-Policy': CONTENT_POLICY, 'Referrer-Policy': 'same-origin' });
    if (status === 200 && request.fresh) {
      response.status(304).end();
      return;
    }
    let { body } = file;
    if (body.length > NOT_WORTH_PACKING && takesGzip(request)) {
      file.zipped ??= packed(body);
      body = await file.zipped;
      response.set('Content-Encoding', 'gzip');
    }
    // Express leaves the body out for HEAD only where it sends it itself.
    response.status(status).set('Content-Length', String(body.length));
    response.end(request.method === 'HEAD' ? undefined : body);
  };

/** What may be kept is asked for again each time; its tag says whether it changed. */
const ASK_AGAIN = 'no-cache';
/** The name of an asset is a hash of what is in it. */
const KEEP = 'public, max-age=31536000, immutable';

/** What programs ask for: there an unknown path is a problem, whoever asks. */
const OF_PROGRAMS = /^\/(?:api|actuator|assets|docs|internal)(?:\/|$)/;

/** Whoever looks at it in a browser is to see where they are, and how to go on: 404 all the same. */
const mistyped = (document: Served): RequestHandler => {
  const answer = serving(() => document, ASK_AGAIN, 404);
  return (request, response, next) => {
    const isRead = request.method === 'GET' && !OF_PROGRAMS.test(request.path) && request.accepts(['json', 'html']) === 'html';
    if (isRead) void answer(request, response, next);
    else next();
  };
};

/** Serves the page that was built into `folder`. Without one there is nothing at its paths. */
export const pageRoutes = ({ folder }: { readonly folder: string }): Router => {
  const router = Router();
  const top = filesIn(folder);
  const assets = filesIn(path.join(folder, 'assets'));
  const document = top.get('index.html');
  if (document === undefined) return router;
  for (const place of PAGE_PATHS)
    router.get(
      place,
      serving(() => document, ASK_AGAIN),
    );
  for (const [name, file] of top)
    if (file !== document)
      router.get(
        `/${name}`,
        serving(() => file, ASK_AGAIN),
      );
  router.get(
    '/assets/:file',
    serving((request) => {
      const asset = assets.get(request.params['file'] as string);
      if (asset === undefined) throw refusal('NO_SUCH_PATH', `there is nothing at ${request.path.slice(0, 200)}`);
      return asset;
    }, KEEP),
  );
  router.use(mistyped(document));
  return router;
};
