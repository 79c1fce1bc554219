/** What was done to DAGs, what happened to them, and what gave up. */
import { Router } from 'express';
import type { DagId } from '../../core/ids';
import { refusal } from '../../core/refusal';
import { param, sendJson } from '../../edge/requests';
import type { HistoryViews } from '../../ports/history';
import type { DeadLetterViews } from '../../ports/letters';
import type { DagViews } from '../../ports/views';
import { listCommands, listEvents, listLetters, mustExist, type Page } from '../lists';
import { commandJson, letterDetailJson } from '../presentHistory';
import { commandIdIn, dagIdIn, letterIdIn, onlyKnown, type Query } from '../query';
import { queryOf, sendPage } from './answers';

/** What was done to DAGs and what happened to them. */
export const historyRoutes = ({ views }: { readonly views: Pick<DagViews, 'dag'> & HistoryViews }): Router => {
  const router = Router();
  const ofDag = (path: string, list: (views: HistoryViews, dag: DagId, query: Query) => Promise<Page>): void => {
    router.get(path, async (request, response) => {
      onlyKnown(queryOf(request), ['limit', 'cursor']);
      const dagId = dagIdIn(param(request, 'dagId'));
      await mustExist(views, dagId);
      sendPage(request, response, await list(views, dagId, queryOf(request)));
    });
  };
  ofDag('/api/v1/dags/:dagId/events', listEvents);
  ofDag('/api/v1/dags/:dagId/commands', listCommands);
  router.get('/api/v1/commands/:commandId', async (request, response) => {
    onlyKnown(queryOf(request), []);
    const command = await views.command(commandIdIn(param(request, 'commandId')));
    if (command === undefined) throw refusal('COMMAND_NOT_FOUND', `no command ${param(request, 'commandId')}`);
    sendJson(response, commandJson(command));
  });
  return router;
};

/** The dead letters. */
export const letterRoutes = ({ views }: { readonly views: Pick<DeadLetterViews, 'letters' | 'letter'> }): Router => {
  const router = Router();
  router.get('/api/v1/dead-letters', async (request, response) => {
    sendPage(request, response, await listLetters(views, queryOf(request)));
  });
  router.get('/api/v1/dead-letters/:letterId', async (request, response) => {
    onlyKnown(queryOf(request), []);
    const letter = await views.letter(letterIdIn(param(request, 'letterId')));
    if (letter === undefined) throw refusal('LETTER_NOT_FOUND', `no dead letter ${param(request, 'letterId')}`);
    sendJson(response, letterDetailJson(letter));
  });
  return router;
};
