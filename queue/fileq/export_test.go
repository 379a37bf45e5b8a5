package fileq

// Small returns cfg with blocks, spool files and journals of a few jobs, so that
// short lists have many of them.
func Small(cfg Config) Config {
	cfg.limits = limits{bytes: 200, jobs: 8, buffer: 800}
	cfg.spoolSize = 1000
	cfg.checkpointSize = 2000
	return cfg
}
