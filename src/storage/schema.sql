-- The schema that the migrations make, for reading. Made by: UPDATE_SCHEMA=1 npx vitest run src/storage/schema.test.ts

CREATE OR REPLACE FUNCTION public.ensure_partitions(from_at timestamp with time zone, to_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  parent text;
  month timestamptz;
  part text;
begin
  perform pg_advisory_xact_lock(7283451);
  foreach parent in array array['event', 'event_outcome', 'trail', 'message', 'message_event'] loop
    month := date_trunc('month', from_at at time zone 'UTC') at time zone 'UTC';
    while month <= to_at loop
      part := parent || '_' || to_char(month at time zone 'UTC', 'YYYY_MM');
      if to_regclass(part) is null then
        if parent = 'trail' then
          execute format('create table %I partition of %I for values from (%L) to (%L)', part, parent, month, month + interval '1 month');
        else
          execute format('create table %I partition of %I for values from (%L) to (%L)', part, parent, uuid_floor(month), uuid_floor(month + interval '1 month'));
        end if;
        if parent = 'message' then execute format('alter table %I set (fillfactor = 80)', part); end if;
      end if;
      month := month + interval '1 month';
    end loop;
  end loop;
end $function$;

CREATE OR REPLACE FUNCTION public.staffetta_count_taken_identities()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into identity_revision (workspace_id, revision)
  select distinct workspace_id, 1 from taken order by workspace_id
  on conflict (workspace_id) do update set revision = identity_revision.revision + 1;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.staffetta_fold(field text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
declare
  folded text := lower(field collate "C");
begin
  if octet_length(folded) = length(folded) then
    return folded;
  end if;
  -- `translate` looks through its whole table for each letter, so each alphabet has its own: 8 microseconds for a name instead of 60.
  if folded ~ '[\u00c0-\u00ff]' then
    folded := translate(folded,
      'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞ',
      'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ');
  end if;
  if folded ~ '[\u0100-\u017f]' then
    folded := translate(folded,
      'ĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽİ',
      'āăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżži');
  end if;
  if folded ~ '[\u0180-\u024f]' then
    folded := translate(folded,
      'ƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƠƢƤƦƧƩƬƮƯƱƲƳƵƷƸƼǄǅǇǈǊǋǍǏǑǓǕǗǙǛǞǠǢǤǦǨǪǬǮǱǲǴǶǷǸǺǼǾȀȂȄȆȈȊȌȎȐȒȔȖȘȚȜȞȠȢȤȦȨȪȬȮȰȲȺȻȽȾɁɃɄɅɆɈɊɌɎ',
      'ɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵơƣƥʀƨʃƭʈưʊʋƴƶʒƹƽǆǆǉǉǌǌǎǐǒǔǖǘǚǜǟǡǣǥǧǩǫǭǯǳǳǵƕƿǹǻǽǿȁȃȅȇȉȋȍȏȑȓȕȗșțȝȟƞȣȥȧȩȫȭȯȱȳⱥȼƚⱦɂƀʉʌɇɉɋɍɏ');
  end if;
  if folded ~ '[\u0370-\u03ff]' then
    folded := translate(folded,
      'ͰͲͶͿΆΈΉΊΌΎΏΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫϏϘϚϜϞϠϢϤϦϨϪϬϮϴϷϹϺϽϾϿς',
      'ͱͳͷϳάέήίόύώαβγδεζηθικλμνξοπρστυφχψωϊϋϗϙϛϝϟϡϣϥϧϩϫϭϯθϸϲϻͻͼͽσ');
  end if;
  if folded ~ '[\u0400-\u0556]' then
    folded := translate(folded,
      'ЀЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѶѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӁӃӅӇӉӋӍӐӒӔӖӘӚӜӞӠӢӤӦӨӪӬӮӰӲӴӶӸӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ',
      'ѐёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѷѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӂӄӆӈӊӌӎӑӓӕӗәӛӝӟӡӣӥӧөӫӭӯӱӳӵӷӹӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ');
  end if;
  if folded ~ '[\u1e00-\u1eff]' then
    folded := translate(folded,
      'ḀḂḄḆḈḊḌḎḐḒḔḖḘḚḜḞḠḢḤḦḨḪḬḮḰḲḴḶḸḺḼḾṀṂṄṆṈṊṌṎṐṒṔṖṘṚṜṞṠṢṤṦṨṪṬṮṰṲṴṶṸṺṼṾẀẂẄẆẈẊẌẎẐẒẔẞẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼẾỀỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴỶỸỺỼỾ',
      'ḁḃḅḇḉḋḍḏḑḓḕḗḙḛḝḟḡḣḥḧḩḫḭḯḱḳḵḷḹḻḽḿṁṃṅṇṉṋṍṏṑṓṕṗṙṛṝṟṡṣṥṧṩṫṭṯṱṳṵṷṹṻṽṿẁẃẅẇẉẋẍẏẑẓẕßạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹỻỽỿ');
  end if;
  return folded;
end
$function$;

CREATE OR REPLACE FUNCTION public.staffetta_instant(field jsonb)
 RETURNS bigint
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
declare
  instant text := field #>> '{}';
  year int;
  month int;
  day int;
  last_day int;
  milliseconds bigint := 0;
  zone text;
begin
  -- Nothing is captured here: with groups the same match takes ten times as long.
  if jsonb_typeof(field) <> 'string' or instant !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]))?$' then
    return null;
  end if;
  year := left(instant, 4)::int;
  month := substr(instant, 6, 2)::int;
  day := substr(instant, 9, 2)::int;
  last_day := case
    when month in (4, 6, 9, 11) then 30
    when month = 2 and year % 4 = 0 and (year % 100 <> 0 or year % 400 = 0) then 29
    when month = 2 then 28
    when month between 1 and 12 then 31
    else 0
  end;
  if year < 1 or day < 1 or day > last_day then
    return null;
  end if;
  if length(instant) > 10 then
    milliseconds := substr(instant, 12, 2)::int * 3600000 + substr(instant, 15, 2)::int * 60000;
    if substr(instant, 17, 1) = ':' then
      milliseconds := milliseconds + substr(instant, 18, 2)::int * 1000;
    end if;
    zone := case when right(instant, 1) = 'Z' then 'Z' else right(instant, 6) end;
    if substr(instant, 20, 1) = '.' then
      milliseconds := milliseconds + rpad(left(substr(instant, 21, length(instant) - 20 - length(zone)), 3), 3, '0')::int;
    end if;
    if zone <> 'Z' then
      milliseconds := milliseconds
        - (substr(zone, 2, 2)::int * 60 + right(zone, 2)::int) * case left(zone, 1) when '-' then -60000 else 60000 end;
    end if;
  end if;
  return (make_date(year, month, day) - date '1970-01-01')::bigint * 86400000 + milliseconds;
end
$function$;

CREATE OR REPLACE FUNCTION public.staffetta_number(field jsonb)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
  select case when jsonb_typeof(field) = 'number' then
    case
      when (field)::numeric >= 1.797693134862315807937289714053e308 then 'infinity'::float8
      when (field)::numeric <= -1.797693134862315807937289714053e308 then '-infinity'::float8
      when abs((field)::numeric) <= 2.470328229206232720882843964342e-324 then 0::float8
      else (field)::numeric::float8
    end
  end
$function$;

CREATE OR REPLACE FUNCTION public.staffetta_numbers(field jsonb)
 RETURNS double precision[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
  select case when jsonb_typeof(field) = 'array' then array(
    select case
        when item::numeric >= 1.797693134862315807937289714053e308 then 'infinity'::float8
        when item::numeric <= -1.797693134862315807937289714053e308 then '-infinity'::float8
        when abs(item::numeric) <= 2.470328229206232720882843964342e-324 then 0::float8
        else item::numeric::float8
      end
      from jsonb_path_query(field, 'strict $[*] ? (@.type() == "number")', '{}', true) as item
  ) end
$function$;

CREATE OR REPLACE FUNCTION public.staffetta_require(holds boolean)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
begin
  if holds then
    return true;
  end if;
  raise exception 'What was known is no longer so; look again.' using errcode = 'serialization_failure';
end
$function$;

CREATE OR REPLACE FUNCTION public.staffetta_text(field jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
  select case when jsonb_typeof(field) = 'string' then field #>> '{}' end
$function$;

CREATE OR REPLACE FUNCTION public.uuid_floor(at timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE STRICT
AS $function$
  select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$function$;

create table ab_count (
  lane smallint not null,
  flow_id uuid not null,
  step text not null,
  variant text not null,
  workspace_id uuid not null,
  participants bigint not null,
  wins bigint not null,
  constraint ab_count_pkey PRIMARY KEY (lane, flow_id, step, variant)
) with (fillfactor=50);
CREATE INDEX ab_count_flow ON public.ab_count USING btree (flow_id, step);

create table ab_participant (
  lane smallint not null,
  contact_id uuid not null,
  flow_id uuid not null,
  step text not null,
  run_id uuid not null,
  workspace_id uuid not null,
  variant text not null,
  visit integer not null,
  at timestamp with time zone not null,
  won_at timestamp with time zone,
  constraint ab_participant_pkey PRIMARY KEY (lane, contact_id, flow_id, step, run_id)
);

create table ab_test (
  workspace_id uuid not null,
  flow_id uuid not null,
  step text not null,
  started_at timestamp with time zone not null,
  winner text,
  decided_at timestamp with time zone,
  decided_by text,
  figures jsonb,
  constraint ab_test_pkey PRIMARY KEY (flow_id, step),
  constraint ab_test_check CHECK ((((winner IS NULL) = (decided_at IS NULL)) AND ((winner IS NULL) = (decided_by IS NULL)))),
  constraint ab_test_flow_id_fkey FOREIGN KEY (flow_id) REFERENCES flow(id) ON DELETE CASCADE
);
CREATE INDEX ab_test_workspace ON public.ab_test USING btree (workspace_id);

create table admission (
  lane smallint not null,
  contact_id uuid not null,
  flow_id uuid not null,
  key text default ''::text not null,
  run_id uuid not null,
  last_at timestamp with time zone not null,
  times integer default 1 not null,
  constraint admission_pkey PRIMARY KEY (lane, contact_id, flow_id, key)
);

create table api_key (
  id uuid not null,
  workspace_id uuid not null,
  name text not null,
  hash bytea not null,
  hint text not null,
  scopes text[] not null,
  created_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  authkey_hash bytea,
  constraint api_key_pkey PRIMARY KEY (id),
  constraint api_key_authkey_hash_key UNIQUE (authkey_hash),
  constraint api_key_hash_key UNIQUE (hash),
  constraint api_key_authkey_hash_check CHECK ((length(authkey_hash) = 32)),
  constraint api_key_hash_check CHECK ((length(hash) = 32)),
  constraint api_key_name_check CHECK ((name <> ''::text)),
  constraint api_key_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX api_key_workspace ON public.api_key USING btree (workspace_id, id);

create table broadcast (
  id uuid not null,
  workspace_id uuid not null,
  flow_id uuid not null,
  entry text not null,
  cause text not null,
  audience jsonb,
  variables jsonb default '{}'::jsonb not null,
  priority smallint not null,
  window_from timestamp with time zone,
  window_to timestamp with time zone,
  state text not null,
  reason text,
  cursor uuid default '00000000-0000-0000-0000-000000000000'::uuid not null,
  expected bigint,
  queued bigint default 0 not null,
  failures integer default 0 not null,
  next_at timestamp with time zone not null,
  created_by text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint broadcast_pkey PRIMARY KEY (id),
  constraint broadcast_check CHECK (((ended_at IS NULL) = (state = ANY (ARRAY['running'::text, 'paused'::text])))),
  constraint broadcast_priority_check CHECK (((priority >= 0) AND (priority <= 2))),
  constraint broadcast_state_check CHECK ((state = ANY (ARRAY['running'::text, 'paused'::text, 'done'::text, 'cancelled'::text, 'skipped'::text, 'failed'::text]))),
  constraint broadcast_variables_check CHECK ((jsonb_typeof(variables) = 'object'::text)),
  constraint broadcast_flow_id_fkey FOREIGN KEY (flow_id) REFERENCES flow(id),
  constraint broadcast_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX broadcast_flow ON public.broadcast USING btree (flow_id) WHERE (state = ANY (ARRAY['running'::text, 'paused'::text]));
CREATE INDEX broadcast_live ON public.broadcast USING btree (next_at) WHERE (state = 'running'::text);
CREATE INDEX broadcast_workspace ON public.broadcast USING btree (workspace_id, id);

create table contact (
  lane smallint not null,
  id uuid not null,
  workspace_id uuid not null,
  external_id text,
  email text,
  phone text,
  properties jsonb default '{}'::jsonb not null,
  tags text[] default '{}'::text[] not null,
  time_zone text,
  locale text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint contact_pkey PRIMARY KEY (lane, id),
  constraint contact_check CHECK ((num_nonnulls(external_id, email, phone) > 0)),
  constraint contact_properties_check CHECK ((jsonb_typeof(properties) = 'object'::text))
) with (fillfactor=85);
CREATE INDEX contact_workspace ON public.contact USING btree (workspace_id, id);

create table contact_check (
  lane smallint not null,
  contact_id uuid not null,
  workspace_id uuid not null,
  due_at timestamp with time zone not null,
  constraint contact_check_pkey PRIMARY KEY (lane, contact_id)
);
CREATE INDEX contact_check_due ON public.contact_check USING btree (lane, due_at);

create table contact_identity (
  lane smallint not null,
  workspace_id uuid not null,
  kind text not null,
  value text not null,
  contact_lane smallint not null,
  contact_id uuid not null,
  constraint contact_identity_pkey PRIMARY KEY (lane, workspace_id, kind, value),
  constraint contact_identity_kind_check CHECK ((kind = ANY (ARRAY['externalId'::text, 'email'::text, 'phone'::text]))),
  constraint contact_identity_value_check CHECK ((value <> ''::text))
);
CREATE TRIGGER contact_identity_deleted AFTER DELETE ON public.contact_identity REFERENCING OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION staffetta_count_taken_identities();
CREATE TRIGGER contact_identity_moved AFTER UPDATE ON public.contact_identity REFERENCING OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION staffetta_count_taken_identities();

create table contact_import (
  job_id uuid not null,
  workspace_id uuid not null,
  number bigint generated as identity not null,
  list_id uuid not null,
  total integer not null,
  notification_link text,
  notify_at timestamp with time zone,
  notify_attempt smallint default 0 not null,
  constraint contact_import_pkey PRIMARY KEY (job_id),
  constraint contact_import_number_key UNIQUE (number),
  constraint contact_import_check CHECK (((notify_at IS NULL) OR (notification_link IS NOT NULL))),
  constraint contact_import_total_check CHECK ((total > 0)),
  constraint contact_import_job_id_fkey FOREIGN KEY (job_id) REFERENCES job(id) ON DELETE CASCADE,
  constraint contact_import_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX contact_import_notify ON public.contact_import USING btree (notify_at) WHERE (notify_at IS NOT NULL);
CREATE INDEX contact_import_workspace ON public.contact_import USING btree (workspace_id, number);

create table conversion (
  lane smallint not null,
  run_id uuid not null,
  goal text not null,
  workspace_id uuid not null,
  flow_id uuid not null,
  version integer not null,
  contact_id uuid not null,
  event_id uuid not null,
  at timestamp with time zone not null,
  constraint conversion_pkey PRIMARY KEY (lane, run_id, goal)
);
CREATE INDEX conversion_flow ON public.conversion USING btree (flow_id, at);

create table counter (
  lane smallint not null,
  workspace_id uuid not null,
  subject uuid not null,
  version integer not null,
  name text not null,
  value bigint not null,
  constraint counter_pkey PRIMARY KEY (lane, workspace_id, subject, version, name)
) with (fillfactor=50);
CREATE INDEX counter_subject ON public.counter USING btree (workspace_id, subject);

create table event (
  lane smallint not null,
  contact_id uuid not null,
  id uuid not null,
  workspace_id uuid not null,
  name text not null,
  payload jsonb not null,
  occurred_at timestamp with time zone not null,
  accepted_at timestamp with time zone not null,
  source text not null,
  client jsonb,
  target_flow_id uuid,
  target_entry text,
  queued boolean not null,
  depth smallint default 0 not null,
  priority smallint default 1 not null,
  settled json,
  constraint event_pkey PRIMARY KEY (lane, contact_id, id),
  constraint event_payload_check CHECK ((jsonb_typeof(payload) = 'object'::text)),
  constraint event_priority_check CHECK (((priority >= 0) AND (priority <= 2)))
) partition by RANGE (id);
create table event_default partition of event DEFAULT;
CREATE INDEX event_workspace ON ONLY public.event USING btree (workspace_id, id);

create table event_definition (
  id uuid not null,
  workspace_id uuid not null,
  number bigint generated as identity not null,
  name text not null,
  token text not null,
  account bigint,
  variables jsonb default '[]'::jsonb not null,
  learns boolean not null,
  log_cleared_at timestamp with time zone,
  log_erased_to uuid,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint event_definition_pkey PRIMARY KEY (id),
  constraint event_definition_number_key UNIQUE (number),
  constraint event_definition_workspace_id_name_key UNIQUE (workspace_id, name),
  constraint event_definition_account_check CHECK ((account > 0)),
  constraint event_definition_name_check CHECK (((length(name) >= 1) AND (length(name) <= 128))),
  constraint event_definition_token_check CHECK ((token ~ '^[0-9a-f]{32}$'::text)),
  constraint event_definition_variables_check CHECK ((jsonb_typeof(variables) = 'array'::text)),
  constraint event_definition_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX event_definition_cleared ON public.event_definition USING btree (id) WHERE (log_cleared_at IS NOT NULL);
CREATE INDEX event_definition_page ON public.event_definition USING btree (workspace_id, id);
CREATE UNIQUE INDEX event_definition_token ON public.event_definition USING btree (sha256(decode(token, 'hex'::text)));

create table event_outcome (
  lane smallint not null,
  contact_id uuid not null,
  event_id uuid not null,
  ordinal smallint not null,
  workspace_id uuid not null,
  flow_id uuid not null,
  version integer not null,
  entry text,
  outcome text not null,
  reason text,
  detail jsonb,
  run_id uuid,
  at timestamp with time zone not null,
  constraint event_outcome_pkey PRIMARY KEY (lane, contact_id, event_id, ordinal),
  constraint event_outcome_outcome_check CHECK ((outcome = ANY (ARRAY['started'::text, 'not_started'::text, 'exited'::text])))
) partition by RANGE (event_id);
create table event_outcome_default partition of event_outcome DEFAULT;

create table event_queue (
  lane smallint not null,
  seq bigint generated as identity not null,
  contact_id uuid not null,
  event_id uuid,
  priority smallint default 1 not null,
  workspace_id uuid,
  depth smallint default 0 not null,
  constraint event_queue_pkey PRIMARY KEY (lane, priority, seq),
  constraint event_queue_check CHECK ((num_nonnulls(event_id, workspace_id) > 0)),
  constraint event_queue_priority_check CHECK (((priority >= 0) AND (priority <= 2)))
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=20000);

create table flow (
  id uuid not null,
  workspace_id uuid not null,
  number bigint generated as identity not null,
  name text not null,
  status text not null,
  draft jsonb not null,
  version integer,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  is_held boolean default false not null,
  held_before timestamp with time zone,
  constraint flow_pkey PRIMARY KEY (id),
  constraint flow_number_key UNIQUE (number),
  constraint flow_check CHECK (((status <> ALL (ARRAY['active'::text, 'paused'::text])) OR (version IS NOT NULL))),
  constraint flow_name_check CHECK ((name <> ''::text)),
  constraint flow_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'active'::text, 'paused'::text, 'archived'::text]))),
  constraint flow_version_check CHECK ((version > 0)),
  constraint flow_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX flow_workspace ON public.flow USING btree (workspace_id, id);

create table flow_day (
  flow_id uuid not null,
  day date not null,
  workspace_id uuid not null,
  started integer default 0 not null,
  constraint flow_day_pkey PRIMARY KEY (flow_id, day),
  constraint flow_day_flow_id_fkey FOREIGN KEY (flow_id) REFERENCES flow(id)
) with (fillfactor=50);

create table flow_pace (
  flow_id uuid not null,
  next_at timestamp with time zone not null,
  constraint flow_pace_pkey PRIMARY KEY (flow_id),
  constraint flow_pace_flow_id_fkey FOREIGN KEY (flow_id) REFERENCES flow(id)
);

create table flow_version (
  flow_id uuid not null,
  version integer not null,
  workspace_id uuid not null,
  definition jsonb not null,
  published_at timestamp with time zone not null,
  published_by text,
  heard_by_runs text[] default '{}'::text[] not null,
  goal_events text[] default '{}'::text[] not null,
  constraint flow_version_pkey PRIMARY KEY (flow_id, version),
  constraint flow_version_version_check CHECK ((version > 0)),
  constraint flow_version_flow_id_fkey FOREIGN KEY (flow_id) REFERENCES flow(id)
);

create table idempotency (
  workspace_id uuid not null,
  operation text not null,
  key text not null,
  request_hash bytea not null,
  status integer not null,
  response jsonb not null,
  created_at timestamp with time zone not null,
  constraint idempotency_pkey PRIMARY KEY (workspace_id, operation, key)
);
CREATE INDEX idempotency_age ON public.idempotency USING btree (created_at);

create table identity_revision (
  workspace_id uuid not null,
  revision bigint not null,
  constraint identity_revision_pkey PRIMARY KEY (workspace_id)
);

create table import_row (
  job_id uuid not null,
  ordinal integer not null,
  fields jsonb not null,
  constraint import_row_pkey PRIMARY KEY (job_id, ordinal),
  constraint import_row_job_id_fkey FOREIGN KEY (job_id) REFERENCES contact_import(job_id) ON DELETE CASCADE
);

create table incoming_call (
  token text not null,
  workspace_id uuid not null,
  flow_id uuid not null,
  entry text not null,
  created_at timestamp with time zone not null,
  constraint incoming_call_pkey PRIMARY KEY (token),
  constraint incoming_call_flow_id_entry_key UNIQUE (flow_id, entry),
  constraint incoming_call_token_check CHECK ((length(token) >= 32)),
  constraint incoming_call_flow_id_fkey FOREIGN KEY (flow_id) REFERENCES flow(id)
);

create table job (
  id uuid not null,
  workspace_id uuid not null,
  flow_id uuid,
  kind text not null,
  status text not null,
  phase smallint default 0 not null,
  params jsonb not null,
  created_by text not null,
  created_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  error text,
  constraint job_pkey PRIMARY KEY (id),
  constraint job_check CHECK (((ended_at IS NULL) = (status = 'running'::text))),
  constraint job_status_check CHECK ((status = ANY (ARRAY['running'::text, 'done'::text, 'cancelled'::text, 'failed'::text]))),
  constraint job_flow_id_fkey FOREIGN KEY (flow_id) REFERENCES flow(id),
  constraint job_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX job_ended_import ON public.job USING btree (ended_at) WHERE ((kind = 'import'::text) AND (ended_at IS NOT NULL));
CREATE INDEX job_running ON public.job USING btree (id) WHERE (status = 'running'::text);
CREATE INDEX job_workspace ON public.job USING btree (workspace_id, id);

create table job_lane (
  job_id uuid not null,
  lane smallint not null,
  cursor jsonb,
  counts jsonb default '{}'::jsonb not null,
  failures smallint default 0 not null,
  is_done boolean default false not null,
  due_at timestamp with time zone not null,
  constraint job_lane_pkey PRIMARY KEY (job_id, lane),
  constraint job_lane_job_id_fkey FOREIGN KEY (job_id) REFERENCES job(id) ON DELETE CASCADE
);

create table lane (
  lane smallint not null,
  constraint lane_pkey PRIMARY KEY (lane),
  constraint lane_lane_check CHECK (((lane >= 0) AND (lane <= 63)))
);

create table list (
  id uuid not null,
  workspace_id uuid not null,
  name text not null,
  description text default ''::text not null,
  fields jsonb default '[]'::jsonb not null,
  created_at timestamp with time zone not null,
  number bigint generated as identity not null,
  constraint list_pkey PRIMARY KEY (id),
  constraint list_number_key UNIQUE (number),
  constraint list_workspace_id_name_key UNIQUE (workspace_id, name),
  constraint list_name_check CHECK ((name <> ''::text)),
  constraint list_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);

create table mail_content (
  id uuid not null,
  workspace_id uuid not null,
  content json not null,
  lanes smallint[] not null,
  message_ids uuid[] not null,
  created_at timestamp with time zone not null,
  constraint mail_content_pkey PRIMARY KEY (id),
  constraint mail_content_check CHECK ((cardinality(lanes) = cardinality(message_ids))),
  constraint mail_content_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX mail_content_age ON public.mail_content USING btree (created_at);

create table membership (
  lane smallint not null,
  contact_id uuid not null,
  list_id uuid not null,
  workspace_id uuid not null,
  state text not null,
  joined_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint membership_pkey PRIMARY KEY (lane, contact_id, list_id),
  constraint membership_state_check CHECK ((state = ANY (ARRAY['subscribed'::text, 'unsubscribed'::text, 'unconfirmed'::text])))
);
CREATE INDEX membership_list ON public.membership USING btree (list_id, contact_id);

create table message (
  lane smallint not null,
  contact_id uuid not null,
  id uuid not null,
  workspace_id uuid not null,
  channel text not null,
  run_id uuid,
  flow_id uuid,
  version integer,
  step text,
  visit integer,
  purpose text not null,
  status text not null,
  class text,
  reason text,
  transport text,
  from_address text,
  to_address text,
  subject text,
  size_bytes integer,
  attempts integer default 0 not null,
  created_at timestamp with time zone not null,
  sent_at timestamp with time zone,
  updated_at timestamp with time zone not null,
  depth smallint default 0 not null,
  topic text,
  begun_at timestamp with time zone,
  constraint message_pkey PRIMARY KEY (lane, contact_id, id),
  constraint message_purpose_check CHECK ((purpose = ANY (ARRAY['transactional'::text, 'marketing'::text]))),
  constraint message_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'deferred'::text, 'sent'::text, 'bounced'::text, 'failed'::text, 'held'::text, 'unknown'::text, 'cancelled'::text, 'dropped'::text])))
) partition by RANGE (id);
create table message_default partition of message DEFAULT;
CREATE INDEX message_own ON ONLY public.message USING btree (workspace_id, id) WHERE (run_id IS NULL);
CREATE INDEX message_workspace ON ONLY public.message USING btree (workspace_id, id);

create table message_event (
  lane smallint not null,
  message_id uuid not null,
  id uuid not null,
  workspace_id uuid not null,
  type text not null,
  at timestamp with time zone not null,
  detail jsonb,
  constraint message_event_pkey PRIMARY KEY (lane, message_id, id)
) partition by RANGE (id);
create table message_event_default partition of message_event DEFAULT;

create table outbox (
  lane smallint not null,
  run_id uuid not null,
  visit integer not null,
  ordinal smallint not null,
  kind text not null,
  workspace_id uuid not null,
  contact_id uuid not null,
  flow_id uuid not null,
  version integer not null,
  step text not null,
  message_id uuid,
  data json not null,
  awaited boolean not null,
  attempt integer default 0 not null,
  first_due_at timestamp with time zone not null,
  due_at timestamp with time zone not null,
  leased_by uuid,
  answered boolean default false not null,
  answer json,
  priority smallint default 1 not null,
  put_off text,
  held boolean default false not null,
  constraint outbox_pkey PRIMARY KEY (lane, run_id, visit, ordinal),
  constraint outbox_priority_check CHECK (((priority >= 0) AND (priority <= 2)))
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=20000);
CREATE INDEX outbox_answered ON public.outbox USING btree (lane, priority) WHERE (answered AND (NOT held));
CREATE INDEX outbox_due ON public.outbox USING btree (lane, kind, priority, due_at) WHERE ((leased_by IS NULL) AND (NOT answered) AND (NOT held));
CREATE INDEX outbox_held ON public.outbox USING btree (lane, flow_id) WHERE held;
CREATE INDEX outbox_leased ON public.outbox USING btree (leased_by) WHERE (leased_by IS NOT NULL);

create table rate_bucket (
  workspace_id uuid not null,
  subject text not null,
  free_at timestamp with time zone default '-infinity'::timestamp with time zone not null,
  line_ends timestamp with time zone[] default '{-infinity,-infinity,-infinity}'::timestamp with time zone[] not null,
  constraint rate_bucket_pkey PRIMARY KEY (workspace_id, subject),
  constraint rate_bucket_line_ends_check CHECK ((cardinality(line_ends) = 3))
) with (fillfactor=50);

create table run (
  lane smallint not null,
  id uuid not null,
  workspace_id uuid not null,
  flow_id uuid not null,
  version integer not null,
  contact_id uuid not null,
  key text,
  entry text not null,
  status text not null,
  step text,
  visit integer not null,
  entered_at timestamp with time zone not null,
  wake_at timestamp with time zone,
  reason text,
  event_id uuid not null,
  event_name text not null,
  event_at timestamp with time zone not null,
  event jsonb not null,
  vars jsonb default '{}'::jsonb not null,
  steps jsonb default '{}'::jsonb not null,
  started_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  priority smallint default 1 not null,
  depth smallint default 0 not null,
  parked_wake_at timestamp with time zone,
  constraint run_pkey PRIMARY KEY (lane, id),
  constraint run_check CHECK (((ended_at IS NULL) = (status = ANY (ARRAY['active'::text, 'waiting'::text, 'asking'::text])))),
  constraint run_check1 CHECK (((ended_at IS NULL) OR (wake_at IS NULL))),
  constraint run_check2 CHECK (((parked_wake_at IS NULL) OR ((wake_at IS NULL) AND (ended_at IS NULL)))),
  constraint run_priority_check CHECK (((priority >= 0) AND (priority <= 2))),
  constraint run_status_check CHECK ((status = ANY (ARRAY['active'::text, 'waiting'::text, 'asking'::text, 'completed'::text, 'exited'::text, 'failed'::text, 'cancelled'::text])))
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.05);
CREATE INDEX run_due ON public.run USING btree (lane, priority, wake_at) WHERE (wake_at IS NOT NULL);
CREATE INDEX run_flow ON public.run USING btree (flow_id, id);
CREATE INDEX run_live ON public.run USING btree (contact_id) WHERE (ended_at IS NULL);
CREATE INDEX run_parked ON public.run USING btree (lane, flow_id, parked_wake_at) WHERE (parked_wake_at IS NOT NULL);

create table sandbox_message (
  workspace_id uuid not null,
  id uuid not null,
  from_address text not null,
  to_address text not null,
  subject text not null,
  raw bytea not null,
  received_at timestamp with time zone not null,
  constraint sandbox_message_pkey PRIMARY KEY (workspace_id, id)
);

create table schedule (
  flow_id uuid not null,
  entry text not null,
  workspace_id uuid not null,
  next_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  constraint schedule_pkey PRIMARY KEY (flow_id, entry),
  constraint schedule_flow_id_fkey FOREIGN KEY (flow_id) REFERENCES flow(id)
);
CREATE INDEX schedule_due ON public.schedule USING btree (next_at);

create table schema_migration (
  number integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone default now() not null,
  constraint schema_migration_pkey PRIMARY KEY (number)
);

create table secret (
  workspace_id uuid not null,
  name text not null,
  sealed bytea not null,
  updated_at timestamp with time zone not null,
  constraint secret_pkey PRIMARY KEY (workspace_id, name),
  constraint secret_name_check CHECK ((name ~ '^[A-Za-z][A-Za-z0-9_]{0,63}$'::text)),
  constraint secret_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);

create table segment (
  id uuid not null,
  workspace_id uuid not null,
  name text not null,
  description text default ''::text not null,
  definition jsonb not null,
  revision integer default 1 not null,
  state text not null,
  defined_at timestamp with time zone default clock_timestamp() not null,
  defined_in xid8 default pg_current_xact_id() not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  number bigint generated as identity not null,
  constraint segment_pkey PRIMARY KEY (id),
  constraint segment_number_key UNIQUE (number),
  constraint segment_name_check CHECK ((name <> ''::text)),
  constraint segment_revision_check CHECK ((revision > 0)),
  constraint segment_state_check CHECK ((state = ANY (ARRAY['building'::text, 'ready'::text, 'removing'::text]))),
  constraint segment_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE UNIQUE INDEX segment_name ON public.segment USING btree (workspace_id, name) WHERE (state <> 'removing'::text);

create table segment_build (
  segment_id uuid not null,
  lane smallint not null,
  after uuid default '00000000-0000-0000-0000-000000000000'::uuid not null,
  constraint segment_build_pkey PRIMARY KEY (segment_id, lane),
  constraint segment_build_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segment(id) ON DELETE CASCADE
);

create table segment_member (
  lane smallint not null,
  contact_id uuid not null,
  segment_id uuid not null,
  workspace_id uuid not null,
  entered_at timestamp with time zone not null,
  constraint segment_member_pkey PRIMARY KEY (lane, contact_id, segment_id)
);
CREATE INDEX segment_member_segment ON public.segment_member USING btree (segment_id, contact_id);

create table start_list (
  id uuid not null,
  workspace_id uuid not null,
  flow_id uuid not null,
  entry text not null,
  variables jsonb not null,
  ends_others boolean not null,
  contacts integer not null,
  created_by text,
  created_at timestamp with time zone not null,
  constraint start_list_pkey PRIMARY KEY (id),
  constraint start_list_variables_check CHECK ((jsonb_typeof(variables) = 'object'::text)),
  constraint start_list_flow_id_fkey FOREIGN KEY (flow_id) REFERENCES flow(id),
  constraint start_list_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspace(id)
);
CREATE INDEX start_list_age ON public.start_list USING btree (created_at);
CREATE INDEX start_list_workspace ON public.start_list USING btree (workspace_id, id);

create table start_list_contact (
  lane smallint not null,
  event_id uuid not null,
  contact_id uuid not null,
  start_list_id uuid not null,
  workspace_id uuid not null,
  flow_id uuid not null,
  constraint start_list_contact_pkey PRIMARY KEY (lane, event_id)
);
CREATE INDEX start_list_contact_contact ON public.start_list_contact USING btree (lane, contact_id);
CREATE INDEX start_list_contact_list ON public.start_list_contact USING btree (start_list_id, event_id);
CREATE INDEX start_list_contact_workspace ON public.start_list_contact USING btree (workspace_id, event_id);

create table suppression (
  workspace_id uuid not null,
  channel text not null,
  address text not null,
  reason text not null,
  source text not null,
  created_at timestamp with time zone not null,
  constraint suppression_pkey PRIMARY KEY (workspace_id, channel, address)
);
CREATE INDEX suppression_age ON public.suppression USING btree (workspace_id, channel, created_at, address);

create table trail (
  lane smallint not null,
  run_id uuid not null,
  seq integer not null,
  at timestamp with time zone not null,
  entries json not null,
  constraint trail_pkey PRIMARY KEY (lane, run_id, seq, at)
) partition by RANGE (at);
create table trail_default partition of trail DEFAULT;

create table worker (
  id uuid not null,
  roles text[] not null,
  started_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  constraint worker_pkey PRIMARY KEY (id)
);

create table workspace (
  id uuid not null,
  name text not null,
  time_zone text default 'UTC'::text not null,
  routing_revision bigint default 1 not null,
  created_at timestamp with time zone not null,
  settings jsonb default '{}'::jsonb not null,
  number bigint generated as identity not null,
  constraint workspace_pkey PRIMARY KEY (id),
  constraint workspace_number_key UNIQUE (number),
  constraint workspace_name_check CHECK ((name <> ''::text))
);
