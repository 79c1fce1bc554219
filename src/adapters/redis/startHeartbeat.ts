/** Starts heartbeats in threads of their own. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { HeartbeatMessage, HeartbeatSpec } from './heartbeat';
import type { HeartbeatThreadData } from './heartbeatThread';

/** Begins the heartbeat of a session; `stop` ends it without a word to Redis. */
export type StartHeartbeat = (spec: HeartbeatSpec, hear: (message: HeartbeatMessage) => void) => { stop(): Promise<void> };

export interface HeartbeatThreadNeeds {
  readonly url: string;
  /** The compiled heartbeatThread.js; the one beside this file by default. */
  readonly threadFile?: string;
}

/** Each heartbeat in a thread of its own, with its own connection. A thread that dies ends its session. */
export const heartbeatInThread =
  ({ url, threadFile = path.join(__dirname, 'heartbeatThread.js') }: HeartbeatThreadNeeds): StartHeartbeat =>
  (spec, hear) => {
    const thread = new Worker(threadFile, { workerData: { url, spec } satisfies HeartbeatThreadData, name: 'heartbeat' });
    thread.on('message', hear);
    thread.on('error', (error) => {
      hear({ kind: 'ended', why: `the heartbeat's thread failed: ${String(error)}` });
    });
    thread.on('exit', () => {
      hear({ kind: 'ended', why: "the heartbeat's thread ended" });
    });
    return {
      stop: async () => {
        thread.removeAllListeners();
        await thread.terminate();
      },
    };
  };
