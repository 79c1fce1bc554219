/**
 * Mends kafkajs 2.2.4 (tulios/kafkajs#1751): after each answer it sets a timer with a negative time to look at a queue that is
 * nearly always empty, and again from that timer, so that each idle connection wakes its process a thousand times a second, and
 * Node 22 and newer warn of every connection.
 */
import { createRequire } from 'node:module';

/** The requests of one connection that wait until they may be sent. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

// No part of kafkajs's types: what is mended lies inside.
const { prototype } = createRequire(__filename)('kafkajs/src/network/requestQueue') as { readonly prototype: RequestQueue };
const original = prototype.scheduleCheckPendingRequests;

function scheduleWhereSomethingWaits(this: RequestQueue): void {
  // What is pushed later schedules its own look; with requests waiting, the time is never negative.
  if (this.pending.length > 0) original.call(this);
}

/** Takes the timer away from all connections of this process. Calling it again changes nothing. */
export const quietIdleQueues = (): void => {
  prototype.scheduleCheckPendingRequests = scheduleWhereSomethingWaits;
};
