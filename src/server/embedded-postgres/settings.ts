/** How the embedded server runs. Nothing here may weaken the promise that a committed row survives a power cut. */
export const postgresSettings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  max_connections: "60",
  shared_buffers: "128MB",
  wal_compression: "on",
  checkpoint_timeout: "15min",
  max_wal_size: "2GB",
  // Queries are short; compiling one takes longer than running it.
  jit: "off",
  // Hot tables turn over quickly: start early, and do not pause much.
  autovacuum_naptime: "15s",
  autovacuum_vacuum_scale_factor: "0.05",
  autovacuum_analyze_scale_factor: "0.05",
  autovacuum_vacuum_cost_limit: "1000",
  tcp_keepalives_idle: "30",
  tcp_keepalives_interval: "10",
  tcp_keepalives_count: "3",
  timezone: "UTC",
  log_timezone: "UTC",
  // One file a weekday, overwritten a week later: the log stays, and stays small.
  logging_collector: "on",
  log_directory: "../log",
  log_filename: "postgres-%a.log",
  log_truncate_on_rotation: "on",
  log_rotation_age: "1d",
  log_rotation_size: "0",
} as const;
