# The image of every Posthorn process: API, worker, migrations. docker-compose.yml shows them together.
FROM node:24.19.0-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/client/package.json packages/client/
COPY packages/portal/package.json packages/portal/
COPY packages/receiver/package.json packages/receiver/
COPY web/package.json web/
# not `npm ci`: the lock file may lack packages of other systems; this keeps to the locked versions all the same
RUN npm install --no-save --no-audit --no-fund
COPY . .
RUN npm run build && node bin/docs.mjs

FROM node:24.19.0-trixie-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# the packages in this repository are for producers, and no part of the image
RUN npm install --no-save --omit=dev --workspaces=false --no-audit --no-fund

FROM node:24.19.0-trixie-slim
# Node brings its own root certificates; Temporal's client, when it speaks TLS, needs the system's.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY bin ./bin
COPY migrations ./migrations
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 8080) + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "bin/posthorn.js", "start"]
