# The image of all our programs: `steward worker`, `steward simulate` and the command line.
#
# The one rule: what runs is what package-lock.json names, without dev dependencies, as an ordinary user; nothing
# secret is in the image, and nothing of the checkout that .dockerignore does not name.

FROM node:20.20.2-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY simulator simulator
COPY src src
RUN node scripts/build.mjs

FROM node:20.20.2-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production
# Temporal's client trusts the certificates of the system, of which the slim image has none: TLS would fail.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json LICENSE ./
# A volume that is new takes owner and rights of what lies here.
RUN install --directory --owner=node --group=node --mode=0700 \
      /var/lib/steward /var/lib/steward/results /var/lib/steward/simulator /var/lib/steward/keys
ENV STEWARD_STATE_DIR=/var/lib/steward
USER node
ENTRYPOINT ["node", "/app/dist/src/cli/main.js"]
CMD ["--help"]
