/**
 * Durations as counts in buckets whose bounds grow by a tenth: a quantile is told within 5 %, in a bounded number of buckets. What is older
 * weighs less: at a full weight all counts are halved, so that some thousand samples count.
 */
export interface Sketch {
  weight: number;
  sumMs: number;
  readonly buckets: Float64Array;
}

const GROWTH = Math.log(1.1);
/** The last one begins at 22 days. */
const BUCKETS = 228;
const FULL_WEIGHT = 2000;

export const emptySketch = (): Sketch => ({ weight: 0, sumMs: 0, buckets: new Float64Array(BUCKETS) });

const bucketOf = (ms: number): number => (ms <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms) / GROWTH)));

/** The middle of a bucket; what takes less than a millisecond takes none. */
const middleOf = (bucket: number): number => (bucket === 0 ? 0.5 : Math.exp((bucket - 0.5) * GROWTH));

const halve = (sketch: Sketch): void => {
  sketch.weight /= 2;
  sketch.sumMs /= 2;
  for (let i = 0; i < BUCKETS; i++) sketch.buckets[i]! /= 2;
};

export const addTo = (sketch: Sketch, ms: number): void => {
  if (sketch.weight >= FULL_WEIGHT) halve(sketch);
  sketch.weight += 1;
  sketch.sumMs += ms;
  sketch.buckets[bucketOf(ms)]! += 1;
};

export const meanOf = ({ sumMs, weight }: Sketch): number => sumMs / weight;

/** The duration that the given part of the samples doesn't exceed. */
export const quantileOf = ({ weight, buckets }: Sketch, part: number): number => {
  const wanted = weight * part;
  let [seen, last] = [0, 0];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    if (buckets[bucket] === 0) continue;
    seen += buckets[bucket]!;
    last = bucket;
    // Halved counts don't add up exactly.
    if (seen >= wanted - 1e-9) break;
  }
  return middleOf(last);
};

/** What of the buckets isn't empty, as pairs of number and weight. */
export const bucketsIn = ({ buckets }: Sketch): [number, number][] => {
  const pairs: [number, number][] = [];
  buckets.forEach((weight, bucket) => {
    if (weight > 0) pairs.push([bucket, weight]);
  });
  return pairs;
};

/** The sketch that such pairs tell of; what other versions had beyond the last bucket is left out. */
export const sketchOf = (pairs: readonly (readonly [number, number])[], meanMs: number): Sketch => {
  const sketch = emptySketch();
  for (const [bucket, weight] of pairs) {
    if (!Number.isInteger(bucket) || bucket < 0 || bucket >= BUCKETS || !(weight > 0)) continue;
    sketch.buckets[bucket] = weight;
    sketch.weight += weight;
  }
  sketch.sumMs = sketch.weight * meanMs;
  return sketch;
};
