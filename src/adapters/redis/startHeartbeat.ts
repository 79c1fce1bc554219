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

/** What it allocates is gone in a moment: without a limit V8 keeps some 20 MB for that in each thread, at first. */
const YOUNG_MB = 2;

/** Each heartbeat in a thread of its own, with its own connection. A thread that dies ends its session. */
export const heartbeatInThread =
  ({ url, threadFile = path.join(__dirname, 'heartbeatThread.js') }: HeartbeatThreadNeeds): StartHeartbeat =>
  (spec, hear) => {
    const workerData = { url, spec } satisfies HeartbeatThreadData;
    const thread = new Worker(threadFile, { workerData, name: 'heartbeat', resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
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
