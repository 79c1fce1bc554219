/** What is left out of Redis's client, in a process of the compiled program: jest's own loader lets nobody leave anything out. */
import path from 'node:path';
import { createClient } from 'redis';
import { redisUrl } from '../../harness/services';
import { startProcess } from '../../harness/processes';

const USER = 'client-test';
const PASSWORD = 'pass/word';

const asAdministrator = async (command: readonly string[]): Promise<void> => {
  const client = createClient({ url: redisUrl });
  await client.connect();
  await client.sendCommand(command);
  await client.close();
};

beforeAll(() => asAdministrator(['ACL', 'SETUSER', USER, 'on', `>${PASSWORD}`, '~*', '&*', '+@all']));
afterAll(() => asAdministrator(['ACL', 'DELUSER', USER]));

test('it has no command by name, greets with user, password and database, and leaves a whole client to others', async () => {
  const url = new URL(redisUrl);
  url.username = USER;
  url.password = encodeURIComponent(PASSWORD);
  url.pathname = '/3';
  const asked = await startProcess({ script: path.join(__dirname, 'clientOf.cjs'), args: [url.href] });
  const [line] = await asked.line(/^\{.*\}$/m);
  expect(JSON.parse(line)).toEqual({ commands: 'undefined', keptLoaded: 0, who: expect.stringMatching(` db=3 .* user=${USER} `), pong: 'PONG' });
});
