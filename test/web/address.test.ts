import { PAGE_PATHS as SERVED } from '../../src/edge/pages';
import { addressOf, matchPath, placeOf } from '../../web/src/routing/address';
import { PAGE_PATHS } from '../../web/src/routing/paths';

test('the server answers the very paths that the page knows', () => {
  expect(SERVED).toEqual(PAGE_PATHS);
});

test('an address is read as it was written', () => {
  const query = { status: 'FAILED,RUNNING', name: 'a & b=*', cursor: 'x/+y' };
  const [path, search] = addressOf('/dags', query).split('?') as [string, string];
  expect(placeOf(path, `?${search}`)).toEqual({ path: '/dags', query });
});

test('what is empty is not in an address', () => {
  expect(addressOf('/dags', { status: '', name: undefined })).toBe('/dags');
});

test.each([
  ['/', '/', {}],
  ['/dags', '/dags/', {}],
  ['/dags/:dagId', '/dags/a%2Fb', { dagId: 'a/b' }],
  ['/dags/:dagId', '/dags/%', { dagId: '%' }],
  ['/dags/:dagId', '/dags', undefined],
  ['/dags', '/tasks', undefined],
  ['/', '/dags', undefined],
])('%s and %s', (pattern, path, found) => {
  expect(matchPath(pattern, path)).toEqual(found);
});
