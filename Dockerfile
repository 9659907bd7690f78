# Millwright in a container: the source as it is, run by Node without a build step, as a user without rights.
#
# It binds loopback unless told otherwise, because callers are not authenticated. To serve a network you trust:
#   docker run -e MILLWRIGHT_HOST=0.0.0.0 -e MILLWRIGHT_INSECURE=true -e DATABASE_URL=postgres://... -p 50051:50051 IMAGE
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="millwright" org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production MILLWRIGHT_DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY gen/ts gen/ts
COPY src src
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 50051 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.MILLWRIGHT_HTTP_PORT || 8080) + '/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
