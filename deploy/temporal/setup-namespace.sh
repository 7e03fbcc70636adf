#!/bin/sh
# Makes the namespace, keeps closed workflows in it for 30 days (an id means once only as long as its run is kept), and
# registers the search attributes the workflows set. What is there already is left as it is, but for the retention.
#
# Server and namespace come from the variables of the temporal command: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE.
set -eu

attempt=0
until temporal operator cluster health >/dev/null 2>&1; do
  attempt=$((attempt + 1))
  if [ "$attempt" -ge 60 ]; then
    echo "no Temporal server answers at $TEMPORAL_ADDRESS" >&2
    exit 1
  fi
  sleep 1
done

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention 30d
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d
fi

# A new namespace is known to the whole server only some seconds later; until then this fails.
attempt=0
until temporal operator search-attribute create \
  --name EcsRegion --type Keyword \
  --name EcsEventId --type Keyword \
  --name StewardOperation --type Keyword \
  --name StewardAttention --type Keyword \
  --name EcsInstanceId --type KeywordList; do
  attempt=$((attempt + 1))
  if [ "$attempt" -ge 60 ]; then
    exit 1
  fi
  sleep 1
done
