FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No install script is needed to build: the only one that matters prepares the embedded database, which the image leaves out.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY web ./web
COPY sample-dag.json ./
RUN npm run build && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config ./config
USER 1000
EXPOSE 8080 8081 8082 8083
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "dist/main.js", "--health-of=1"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["--role=scheduler"]
