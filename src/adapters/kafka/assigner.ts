/** How a consumer gets the partitions that its owner chooses: it is a group of its own, and its assigner hands it exactly those. */
import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

const { MemberAssignment, MemberMetadata } = AssignerProtocol;

/** Hands every member these partitions of each topic that it asked for. */
export const exactly =
  (partitions: readonly number[]): PartitionAssigner =>
  () => ({
    name: 'explicit',
    version: 1,
    assign: ({ members, topics }) =>
      Promise.resolve(
        members.map(({ memberId }) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version: 1,
            assignment: Object.fromEntries(topics.map((topic) => [topic, [...partitions]])),
            userData: Buffer.alloc(0),
          }),
        })),
      ),
    protocol: ({ topics }) => ({ name: 'explicit', metadata: MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }) }),
  });
