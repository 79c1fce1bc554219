import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Router } from 'express';
import request from 'supertest';
import { createApp } from '../../src/edge/app';
import { CONTENT_POLICY, PAGE_PATHS, pageRoutes } from '../../src/edge/pages';
import { atEnd } from '../harness/cleanup';

const script = `/* ${'long enough to be packed '.repeat(100)} */`;

const folderWith = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'page-'));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(path.join(folder, 'assets'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
};

const appOf = (folder: string) => {
  const api = Router();
  api.get('/api/v1/dags', (_request, response) => {
    response.json({ items: [] });
  });
  return createApp({ routers: [api, pageRoutes({ folder })], answered: () => undefined, unexpected: () => undefined, monotonic: () => 0 });
};

const app = appOf(folderWith({ 'index.html': '<!doctype html><p>page', 'theme.js': 'theme()', 'assets/index-abc.js': script }));

test.each(PAGE_PATHS)('%s is the page, which asks for nothing from elsewhere and is asked for again', async (place) => {
  const answer = await request(app).get(place.replace(/:\w+/g, '0190'));
  expect([answer.status, answer.text]).toEqual([200, '<!doctype html><p>page']);
  expect(answer.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'content-security-policy': CONTENT_POLICY,
    'x-content-type-options': 'nosniff',
  });
  expect(CONTENT_POLICY).not.toMatch(/unsafe|https?:|\*/);
});

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

test.each(['/nowhere', '/dags/a/b', '/index.html', '/tasks'])(
  '%s is no page: a browser is shown that there is none, a program told',
  async (place) => {
    const seen = await request(app).get(place).set('Accept', BROWSER);
    expect([seen.status, seen.type, seen.text]).toEqual([404, 'text/html', '<!doctype html><p>page']);
    expect(seen.headers['content-security-policy']).toBe(CONTENT_POLICY);
    expect((await request(app).get(place).set('Accept', BROWSER).set('If-None-Match', seen.headers['etag']!)).status).toBe(404);
    for (const accept of ['*/*', 'application/json'])
      expect((await request(app).get(place).set('Accept', accept)).body).toMatchObject({ status: 404, code: 'NO_SUCH_PATH' });
    const posted = await request(app).post(place).set('Accept', BROWSER);
    expect([posted.status, posted.type, posted.body.code]).toEqual([404, 'application/problem+json', 'NO_SUCH_PATH']);
  },
);

test.each(['/api/v1/nowhere', '/api', '/assets/nothing.js', '/assets/..%2Findex.html', '/actuator/nothing', '/docs/nothing'])(
  '%s is of programs: a problem, whoever asks',
  async (place) => {
    const answer = await request(app).get(place).set('Accept', BROWSER);
    expect([answer.status, answer.type, answer.body.code]).toEqual([404, 'application/problem+json', 'NO_SUCH_PATH']);
  },
);

test('an asset is kept for a year, and packed where the browser takes that', async () => {
  const packed = await request(app).get('/assets/index-abc.js').set('Accept-Encoding', 'gzip');
  expect([packed.text, packed.headers['content-encoding'], packed.headers['cache-control']]).toEqual([
    script,
    'gzip',
    'public, max-age=31536000, immutable',
  ]);
  expect(Number(packed.headers['content-length'])).toBeLessThan(script.length / 5);
  const plain = await request(app).get('/assets/index-abc.js').set('Accept-Encoding', 'identity');
  expect([plain.text, plain.headers['content-encoding'], plain.headers['content-length']]).toEqual([script, undefined, String(script.length)]);
});

test('who has it already is told so', async () => {
  const { headers } = await request(app).get('/');
  const again = await request(app).get('/').set('If-None-Match', headers['etag']!);
  expect([again.status, again.text]).toEqual([304, '']);
  expect((await request(app).get('/').set('If-None-Match', 'W/"other"')).status).toBe(200);
});

test('HEAD has the headers alone, OPTIONS and other methods say what may be done', async () => {
  const head = await request(app).head('/theme.js');
  expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '7', undefined]);
  const options = await request(app).options('/dags');
  expect([options.status, options.headers['allow']]).toEqual([204, 'GET, HEAD']);
  const post = await request(app).post('/');
  expect([post.status, post.headers['allow'], post.body.code]).toEqual([405, 'GET, HEAD', 'METHOD_NOT_ALLOWED']);
});

test('without a build there is nothing', async () => {
  const bare = appOf(path.join(tmpdir(), 'no-such-folder'));
  expect((await request(bare).get('/')).body.code).toBe('NO_SUCH_PATH');
  expect((await request(bare).get('/api/v1/dags')).status).toBe(200);
});
