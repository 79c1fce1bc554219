// Builds the page into dist/web, from where a scheduler serves it. `npx vite web` serves it while it is written, and asks a
// scheduler on port 8080 for the rest.
import { defineConfig } from 'vite';

const scheduler = process.env.SCHEDULER_URL ?? 'http://localhost:8080';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy allows nothing that is written into the page itself.
    assetsInlineLimit: 0,
    // What the packages in it ask for wherever they go: their names and their licences.
    license: { fileName: 'licences.md' },
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2_000,
  },
  server: { proxy: Object.fromEntries(['/api', '/docs', '/actuator'].map((path) => [path, scheduler])) },
});
