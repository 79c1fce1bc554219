/** The settings of notifications: how they are sent, tried again and kept, and what can't be true of them together. */
import { duration, listOf, nullable, numberFrom, text, url, whole } from './readers';
import { setting, type Spec } from './setting';
import type { Config, NotificationsConfig } from './shape';

const HOST = text('a host, with * for any characters and perhaps :port', /^[^\s/]{1,255}$/);
const SENDER = text('an address, as in dts@example.com or Scheduler <dts@example.com>', /^[^\0-\x1f]{0,200}@[^\0-\x1f\s]{1,255}$/);

export const notifications: Spec<NotificationsConfig> = {
  subscriptions: setting(whole(1, 1000), 100, 'NOTIFICATIONS_SUBSCRIPTIONS', 'Subscriptions that there may be.'),
  concurrency: setting(
    whole(1, 200),
    16,
    'NOTIFICATIONS_CONCURRENCY',
    'Deliveries that are under way at once, a quarter of them of one subscription: by the scheduler that leads.',
  ),
  timeoutMs: setting(duration(100, 120_000), 10_000, 'NOTIFICATIONS_TIMEOUT_MS', 'The longest that one attempt may take.'),
  attempts: setting(whole(1, 100), 20, 'NOTIFICATIONS_ATTEMPTS', 'Attempts until a delivery is given up.'),
  retryBaseMs: setting(
    duration(10, 3_600_000),
    5_000,
    'NOTIFICATIONS_RETRY_BASE_MS',
    'The wait after the first attempt; it doubles with each further one.',
  ),
  retryMaxMs: setting(
    duration(10, 86_400_000),
    3_600_000,
    'NOTIFICATIONS_RETRY_MAX_MS',
    'The longest wait, unless the receiver asks for a longer one.',
  ),
  keepDays: setting(numberFrom(0.01, 3_650), 30, 'NOTIFICATIONS_KEEP_DAYS', 'Days that the log of deliveries goes back; what is older is removed.'),
  allowedHosts: setting(
    listOf(HOST),
    [],
    'NOTIFICATIONS_ALLOWED_HOSTS',
    'Hosts that webhooks may go to, such as `*.example.com`; any host where the list is empty.',
  ),
  smtp: {
    url: {
      ...setting(
        nullable(url('smtp:', 'smtps:')),
        null,
        'NOTIFICATIONS_SMTP_URL',
        'The server that takes e-mail, such as `smtps://user:password@mail.example.com`; without one there is no e-mail.',
      ),
      secret: 'parts',
    },
    from: setting(nullable(SENDER), null, 'NOTIFICATIONS_SMTP_FROM', 'Whom e-mail is from.'),
  },
};

/** Pairs that contradict each other, each with the way out; `of` names who said a value. */
export const notificationContradictions = ({ notifications: { smtp, retryBaseMs, retryMaxMs } }: Config, of: (path: string) => string): string[] => [
  ...((smtp.url === null) !== (smtp.from === null)
    ? [
        `notifications.smtp.url (${of('notifications.smtp.url')}) and notifications.smtp.from (${of('notifications.smtp.from')}) go together: set both, or none for no e-mail`,
      ]
    : []),
  ...(retryBaseMs > retryMaxMs
    ? [
        `notifications.retryBaseMs ${String(retryBaseMs)} (${of('notifications.retryBaseMs')}) is more than notifications.retryMaxMs ${String(retryMaxMs)} (${of('notifications.retryMaxMs')}): lower it, or raise the other`,
      ]
    : []),
];
