# The bridge. Build from the repository's root: docker build -t pbxbridge .
FROM python:3.11-slim

# The same user as in the Asterisk image: the two share the database and the voicemail spool.
RUN useradd --uid 10001 --user-group --no-create-home pbxbridge \
 && install -d -o pbxbridge -g pbxbridge -m 700 /srv/database /srv/asterisk/spool/voicemail

WORKDIR /usr/src/pbxbridge
# The packages first: they change less often than the source.
COPY pyproject.toml requirements.lock ./
# The lock also holds the developers' tools; as constraints it gives the bridge's own packages their
# versions and hashes, and nothing more.
RUN pip install --no-cache-dir uv==0.13.9 \
 && uv pip install --system --no-cache -r pyproject.toml -c requirements.lock

COPY pbxbridge pbxbridge
COPY dialplan dialplan
COPY ami_handlers ami_handlers
COPY web web
RUN uv pip install --system --no-cache --no-deps .

USER pbxbridge
WORKDIR /srv
ENV PBXBRIDGE_DATABASE__URL=sqlite:////srv/database/pbxbridge.sqlite3 \
    PBXBRIDGE_VOICEMAIL__SPOOL=/srv/asterisk/spool/voicemail \
    PBXBRIDGE_LOG__FORMAT=json
ENTRYPOINT ["pbxbridge"]
CMD ["serve"]
