// Package bench holds the evidence: an origin with knobs that all tests use, real
// servers for those who have them, and what measures this program beside its
// peers. The rules of the house that no compiler checks are tests here.
package bench
