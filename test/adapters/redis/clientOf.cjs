/** Loads Redis's client as the program does, then as a handler may, asks both something, and tells what it saw as JSON. */
const { createClient } = require('../../../dist/adapters/redis/client');

const countLoaded = () => Object.keys(require.cache).filter((file) => file.includes('@redis')).length;

const ask = async (client, question) => {
  await client.connect();
  try {
    return await question(client);
  } finally {
    await client.close();
  }
};

const main = async (url) => {
  const own = createClient({ url });
  const keptLoaded = countLoaded();
  const who = await ask(own, (client) => client.sendCommand(['CLIENT', 'INFO']));
  const whole = require('redis').createClient({ url });
  const pong = await ask(whole, (client) => client.ping());
  console.log(JSON.stringify({ commands: typeof own.get, keptLoaded, who: String(who), pong }));
};

void main(process.argv[2]);
