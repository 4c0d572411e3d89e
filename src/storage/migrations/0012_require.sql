-- Ends the transaction as one that was overtaken by another (serialization_failure) unless `holds`: a statement that writes by what was
-- known before it can check in itself that it is still so.
create function staffetta_require(holds boolean) returns boolean
language plpgsql volatile as $$
begin
  if holds then
    return true;
  end if;
  raise exception 'What was known is no longer so; look again.' using errcode = 'serialization_failure';
end
$$;
