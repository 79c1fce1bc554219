/** What the clock submits. */
import { Router, type Request } from 'express';
import { param, sendJson } from '../../edge/requests';
import { onlyKnown } from '../query';
import { listFirings, listSchedules, previewTimes, showSchedule, type SchedulesShown } from '../schedules';
import { queryOf, sendPage } from './answers';

/** Schedules, their firings, and the times of an expression that isn't stored yet. */
export const scheduleRoutes = (shown: SchedulesShown): Router => {
  const router = Router();
  const idOf = (request: Request): string => param(request, 'scheduleId');
  router.get('/api/v1/schedules', async (request, response) => {
    sendPage(request, response, await listSchedules(shown, queryOf(request)));
  });
  router.get('/api/v1/schedules/preview', (request, response) => {
    sendJson(response, previewTimes(shown, queryOf(request)));
  });
  router.get('/api/v1/schedules/:scheduleId', async (request, response) => {
    onlyKnown(queryOf(request), []);
    sendJson(response, await showSchedule(shown, idOf(request)));
  });
  router.get('/api/v1/schedules/:scheduleId/firings', async (request, response) => {
    sendPage(request, response, await listFirings(shown, idOf(request), queryOf(request)));
  });
  return router;
};
