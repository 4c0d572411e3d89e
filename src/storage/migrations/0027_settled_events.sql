-- What an event did to flows, where that was known as it came in: an array of outcomes. Nearly all events of a shop start nothing, and a row of
-- its own for each outcome cost as much as the event.
alter table event add column settled json;
