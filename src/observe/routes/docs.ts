/** The API's own description. */
import path from 'node:path';
import express, { Router } from 'express';
import { PAGE_POLICY, docsPage, docsScript, errorsPage } from '../docsPages';

/** Only its folder is needed: loading the package would evaluate the whole page, in workers too. */
const SWAGGER_UI = path.dirname(require.resolve('swagger-ui-dist/package.json'));

/** The API's description, a page to try it out, and the table of errors. All of it is served from here: it works offline. */
export const docsRoutes = ({ openApi }: { readonly openApi: object }): Router => {
  const router = Router();
  const document = JSON.stringify(openApi);
  const page = (path: string, type: string, text: string): void => {
    router.get(path, (_request, response) => {
      response
        .status(200)
        .set({ 'Content-Type': `${type}; charset=utf-8`, 'Content-Security-Policy': PAGE_POLICY })
        .end(text);
    });
  };
  page('/api/v1/openapi.json', 'application/json', document);
  page('/docs', 'text/html', docsPage());
  page('/docs/start.js', 'text/javascript', docsScript());
  page('/docs/errors', 'text/html', errorsPage());
  router.use('/docs/assets', express.static(SWAGGER_UI, { index: false, redirect: false }));
  return router;
};
