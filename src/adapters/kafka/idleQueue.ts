/**
 * Mends kafkajs 2.2.4, whose idle connections wake their process all the time. After each answer it sets a timer with a negative time to
 * look at a queue that is nearly always empty, and again from that timer, a thousand times a second (tulios/kafkajs#1751; Node 22 and
 * newer warn of every connection). And it looks ten times a second whether a request that may take ten seconds has taken longer.
 */
import { createRequire } from 'node:module';

interface Request {
  readonly sentAt: number;
  readonly requestTimeout: number;
  timeoutRequest(): void;
}

/** The requests of one connection. */
interface RequestQueue {
  /** They wait until they may be sent. */
  readonly pending: readonly unknown[];
  /** They wait for their answers. */
  readonly inflight: ReadonlyMap<number, Request>;
  readonly requestTimeout: number;
  requestTimeoutIntervalId: NodeJS.Timeout | null;
  isConnected(): boolean;
  destroy(): void;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

/** A request is given up later than its time by this part of it at the most. */
const LATE_BY = 1 / 10;

// No part of kafkajs's types: what is mended lies inside.
const { prototype } = createRequire(__filename)('kafkajs/src/network/requestQueue') as { readonly prototype: RequestQueue };
const original = prototype.scheduleCheckPendingRequests;

function scheduleWhereSomethingWaits(this: RequestQueue): void {
  // What is pushed later schedules its own look; with requests waiting, the time is never negative.
  if (this.pending.length > 0) original.call(this);
}

function lookForLateRequests(this: RequestQueue): void {
  this.destroy();
  this.requestTimeoutIntervalId = setInterval(() => {
    const now = Date.now();
    for (const request of this.inflight.values()) if (now - request.sentAt > request.requestTimeout) request.timeoutRequest();
    if (!this.isConnected()) this.destroy();
  }, this.requestTimeout * LATE_BY);
}

/** Takes these timers away from all connections of this process, which must enforce the time of requests. Calling it again changes nothing. */
export const quietIdleQueues = (): void => {
  prototype.scheduleCheckPendingRequests = scheduleWhereSomethingWaits;
  prototype.scheduleRequestTimeoutCheck = lookForLateRequests;
};
