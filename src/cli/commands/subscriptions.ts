import { type Command, Option } from 'commander';
import type { Client, Delivery, NoticeEvent, Subscription, SubscriptionFields, SubscriptionSecret } from '../../sdk';
import { clientFor, type Context, wantsJson } from '../context';
import { usageError } from '../exitCodes';
import { plain, shortened, table } from '../render/words';

const EVENTS: readonly NoticeEvent[] = ['DAG_COMPLETED', 'DAG_FAILED', 'DAG_CANCELLED', 'DAG_LATE', 'DEAD_LETTER'];
const LONGEST_ANSWER = 60;
const SHOWN = 20;

interface Flags {
  readonly webhook?: string;
  readonly email?: readonly string[];
  readonly on?: readonly string[];
  readonly dagName?: string;
  readonly tag?: readonly string[];
  readonly by?: string;
}

const eventOf = (word: string): NoticeEvent => {
  const name = word.toUpperCase().replaceAll('-', '_');
  const event = EVENTS.find((each) => each === name || each === `DAG_${name}`);
  if (event === undefined) throw usageError(`--on: ${JSON.stringify(word)} is none of ${EVENTS.join(', ')}`);
  return event;
};

const fieldsOf = ({ webhook, email, on, dagName, tag, by }: Flags): Partial<SubscriptionFields> => ({
  ...(webhook !== undefined && { url: webhook }),
  ...(email !== undefined && { addresses: email }),
  ...(on !== undefined && { events: on.map(eventOf) }),
  ...(dagName !== undefined && { dagName }),
  ...(tag !== undefined && { tags: tag }),
  ...(by !== undefined && { by }),
});

/** By its name, or its id. */
const idOf = async (client: Client, given: string): Promise<string> => {
  const found = (await client.subscriptions()).find(({ name, subscriptionId }) => name === given || subscriptionId === given);
  if (found === undefined) throw usageError(`no subscription ${JSON.stringify(given)}`);
  return found.subscriptionId;
};

const whereOf = ({ url, addresses }: Subscription): string => url ?? addresses.join(', ');

const filterOf = ({ dagName, tags }: Subscription): string =>
  [...(dagName === null ? [] : [`name ${dagName}`]), ...(tags.length === 0 ? [] : [`tag ${tags.join(' or ')}`])].join(', ') || 'all';

const row = (each: Subscription): string[] => [
  each.name,
  each.enabled ? 'on' : 'off',
  each.channel,
  each.events.join(' '),
  filterOf(each),
  whereOf(each),
];

const deliveryRow = ({ deliveryId, state, event, attempts, status, nextAt, title, answer }: Delivery): string[] => [
  deliveryId,
  state,
  event,
  String(attempts),
  status === null ? '-' : String(status),
  state === 'PENDING' ? (nextAt ?? '-') : '-',
  shortened(state === 'DELIVERED' || answer === null ? title : `${title}: ${answer}`, LONGEST_ANSWER),
];

const withFields = (command: Command): Command =>
  command
    .option('--webhook <url>', 'where to: an address of HTTP')
    .option('--email <address...>', 'where to: addresses of e-mail')
    .option('--on <event...>', `of what: ${EVENTS.join(', ')}; or completed, failed, cancelled, late, dead-letter`)
    .option('--dag-name <name>', 'only of DAGs of this name, * standing for any characters')
    .option('--tag <tag...>', 'only of DAGs that have one of these tags')
    .addOption(new Option('--by <name>', 'who asks').env('DTS_BY'));

const addAdding = (group: Command, { terminal }: Context): void => {
  const tell = (command: Command, { subscription, secret }: SubscriptionSecret, sentence: string): void => {
    if (wantsJson(command)) terminal.out(JSON.stringify({ subscription, secret }));
    else {
      terminal.out(sentence);
      if (secret !== null) terminal.out(`secret: ${secret}`);
      if (secret !== null) terminal.note('the secret is shown this once: receivers verify the signature of what comes with it');
    }
  };
  withFields(group.command('add <name>').description('have a webhook or addresses told of something'))
    .option('--secret <secret>', 'signs what a webhook gets; one is made without it')
    .action(async (name: string, flags: Flags & { secret?: string }, command: Command) => {
      if ((flags.webhook === undefined) === (flags.email === undefined)) throw usageError('say where to: --webhook URL, or --email ADDRESS…');
      if (flags.on === undefined) throw usageError('say of what: --on EVENT…');
      const channel = flags.webhook === undefined ? 'email' : 'webhook';
      const events = flags.on.map(eventOf);
      const secret = flags.secret === undefined ? {} : { secret: flags.secret };
      tell(
        command,
        await clientFor(command).addSubscription({ ...fieldsOf(flags), name, channel, events, ...secret }),
        `${name} is told of ${events.join(', ')}`,
      );
    });
  group
    .command('secret <name>')
    .description('sign with a new secret from now on')
    .action(async (name: string, _flags: object, command: Command) => {
      const client = clientFor(command);
      tell(command, await client.renewSecret(await idOf(client, name)), `${name} has a new secret`);
    });
};

const addChanging = (group: Command, { terminal }: Context): void => {
  const change = async (command: Command, name: string, fields: Partial<SubscriptionFields>, sentence: string): Promise<void> => {
    const client = clientFor(command);
    const after = await client.changeSubscription(await idOf(client, name), fields);
    terminal.out(wantsJson(command) ? JSON.stringify(after) : `${plain(after.name)} ${sentence}`);
  };
  withFields(group.command('change <name>').description('change what it is told of, or where'))
    .option('--name <name>', 'another name')
    .action(async (given: string, flags: Flags & { name?: string }, command: Command) => {
      await change(command, given, { ...fieldsOf(flags), ...(flags.name !== undefined && { name: flags.name }) }, 'was changed');
    });
  for (const [verb, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const)
    group
      .command(`${verb} <name>`)
      .description(enabled ? 'have it told again, of what waits, too' : 'tell it nothing; what waits stays')
      .action(async (name: string, _flags: object, command: Command) => {
        await change(command, name, { enabled }, enabled ? 'is on' : 'is off');
      });
};

const addDeliveries = (group: Command, { terminal }: Context): void => {
  const tell = (command: Command, delivery: Delivery): void => {
    terminal.out(wantsJson(command) ? JSON.stringify(delivery) : `it is being sent as ${delivery.deliveryId}`);
  };
  group
    .command('test <name>')
    .description('send something that says that it is a test')
    .action(async (name: string, _flags: object, command: Command) => {
      const client = clientFor(command);
      tell(command, await client.testSubscription(await idOf(client, name)));
    });
  group
    .command('deliveries <name>')
    .description('what it was told, and how that ended, newest first')
    .action(async (name: string, _flags: object, command: Command) => {
      const client = clientFor(command);
      const page = await client.deliveries(await idOf(client, name), { limit: SHOWN });
      if (wantsJson(command)) terminal.out(JSON.stringify(page));
      else if (page.items.length === 0) terminal.note('it was told nothing yet');
      else
        for (const line of table([['DELIVERY', 'STATE', 'EVENT', 'TRIES', 'STATUS', 'NEXT', 'ABOUT'], ...page.items.map(deliveryRow)]))
          terminal.out(line);
    });
  group
    .command('redeliver <name> <delivery>')
    .description('send it again, under the same id')
    .action(async (name: string, delivery: string, _flags: object, command: Command) => {
      const client = clientFor(command);
      tell(command, await client.redeliver(await idOf(client, name), delivery));
    });
};

/** `dts subscriptions [list]`, and what changes and tries them */
export const addSubscriptions = (program: Command, context: Context): void => {
  const { terminal } = context;
  const group = program.command('subscriptions').description('who is told of ends of DAGs, lateness and dead letters: list them, add, change, try');
  group
    .command('list', { isDefault: true })
    .description('list the subscriptions')
    .action(async (_flags: object, command: Command) => {
      const all = await clientFor(command).subscriptions();
      if (wantsJson(command)) terminal.out(JSON.stringify(all));
      else if (all.length === 0) terminal.note('nobody is told of anything');
      else for (const line of table([['NAME', 'STATE', 'CHANNEL', 'EVENTS', 'DAGS', 'WHERE'], ...all.map(row)])) terminal.out(line);
    });
  addAdding(group, context);
  addChanging(group, context);
  addDeliveries(group, context);
  group
    .command('remove <name>')
    .description('remove a subscription, with its deliveries')
    .action(async (name: string, _flags: object, command: Command) => {
      const client = clientFor(command);
      await client.removeSubscription(await idOf(client, name));
      terminal.out(wantsJson(command) ? JSON.stringify({ removed: name }) : `${name} is told nothing any more`);
    });
};
