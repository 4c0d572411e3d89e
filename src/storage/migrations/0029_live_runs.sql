-- The live runs of a contact. By contact alone, and asked for so: with the lane in front, a planner that knows only few runs takes the primary
-- key as just as good, and goes on to read all runs of a lane while they become many (2 ms for 60 contacts after half a minute of a flood).
drop index run_live;
create index run_live on run (contact_id) where ended_at is null;
