/** What tests read in answers: as much of their shape as they need. */

export interface DagBody {
  readonly dagId: string;
  readonly dagName: string;
  readonly status: string;
  readonly totalTasks: number;
  readonly createdAt: string;
}

export interface TaskBody {
  readonly taskId: string;
  readonly taskName: string;
  readonly timing: object;
}

export interface PageBody {
  readonly items: readonly (Partial<DagBody> & Partial<TaskBody>)[];
  readonly nextCursor: string | null;
}

export interface ExplanationBody {
  readonly summary: string;
  readonly conditions: readonly { readonly code: string; readonly details: Readonly<Record<string, unknown>> }[];
}
