-- The SQL half of the condition language (src/core/condition). Each function has a twin in TypeScript that gives the same answer, which
-- condition-agreement.test.ts checks. None raises an error, whatever the field holds, and none calls another: that keeps them usable in indexes.

-- The field as text; null when it is no text.
create function staffetta_text(field jsonb) returns text
language sql immutable strict parallel safe as $$
  select case when jsonb_typeof(field) = 'string' then field #>> '{}' end
$$;

-- Lower case, letter by letter: the same table as in fold.ts. `lower` alone would depend on the version of ICU or of the C library.
create function staffetta_fold(field text) returns text
language plpgsql immutable strict parallel safe as $$
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
$$;

-- The field as the double that JavaScript reads from the same JSON; null when it is no number. The bounds are those beyond which
-- a double is infinite or zero, where the cast would raise an error.
create function staffetta_number(field jsonb) returns float8
language sql immutable strict parallel safe as $$
  select case when jsonb_typeof(field) = 'number' then
    case
      when (field)::numeric >= 1.797693134862315807937289714053e308 then 'infinity'::float8
      when (field)::numeric <= -1.797693134862315807937289714053e308 then '-infinity'::float8
      when abs((field)::numeric) <= 2.470328229206232720882843964342e-324 then 0::float8
      else (field)::numeric::float8
    end
  end
$$;

-- The numbers among the items of the field as doubles; null when the field is no array.
create function staffetta_numbers(field jsonb) returns float8[]
language sql immutable strict parallel safe as $$
  select case when jsonb_typeof(field) = 'array' then array(
    select case
        when item::numeric >= 1.797693134862315807937289714053e308 then 'infinity'::float8
        when item::numeric <= -1.797693134862315807937289714053e308 then '-infinity'::float8
        when abs(item::numeric) <= 2.470328229206232720882843964342e-324 then 0::float8
        else item::numeric::float8
      end
      from jsonb_path_query(field, 'strict $[*] ? (@.type() == "number")', '{}', true) as item
  ) end
$$;

-- The field as milliseconds since 1970; null when it is no date or instant by the grammar of instant.ts.
create function staffetta_instant(field jsonb) returns bigint
language plpgsql immutable strict parallel safe as $$
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
$$;
