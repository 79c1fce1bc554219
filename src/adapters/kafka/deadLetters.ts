/** The topic task-dlq: what gave up, for consumers outside. */
import type { DeadLetterTopic } from '../../ports/letters';
import type { KafkaProducer } from './producer';

export interface DeadLetterTopicNeeds {
  readonly producer: KafkaProducer;
  readonly topic: string;
  readonly partitions: number;
}

/** Makes the topic's writer; the producer must be connected. Values go to the partitions in turn. */
export const createDeadLetterTopic = ({ producer, topic, partitions }: DeadLetterTopicNeeds): DeadLetterTopic => {
  let turn = 0;
  return {
    publish: (values) =>
      producer.send(
        values.map((value) => {
          turn = (turn + 1) % partitions;
          return { topic, partition: turn, value };
        }),
      ),
  };
};
