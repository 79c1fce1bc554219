/** TypeORM's connections, each asked one question after the other. */
import { DataSource, type QueryRunner } from 'typeorm';

const waitingForEachOther = (runner: QueryRunner): QueryRunner => {
  const ask = runner.query.bind(runner);
  let last: Promise<unknown> = Promise.resolve();
  const query = (...question: Parameters<typeof ask>): Promise<unknown> => {
    const answer = last.then(() => ask(...question));
    last = answer.catch(() => undefined);
    return answer;
  };
  return Object.assign(runner, { query });
};

/**
 * Reading a schema, TypeORM asks many questions of one connection at once: pg 8 queues them with a warning of deprecation, and
 * pg 9 will refuse them.
 */
export const askingOneByOne = (source: DataSource): DataSource =>
  Object.assign(source, {
    createQueryRunner: (...mode: Parameters<DataSource['createQueryRunner']>) =>
      waitingForEachOther(DataSource.prototype.createQueryRunner.apply(source, mode)),
  });
