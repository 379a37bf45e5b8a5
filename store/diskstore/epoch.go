package diskstore

import (
	"slices"
	"time"
)

// epoch numbers the stretches of time between two syncs of the whole file
// system. Every claim (that a range is there, that an object was published) is
// of the epoch in which it was made, so that one record can say of all claims
// at once that a sync has covered them. Epoch 0 is for claims that were durable
// when they were made.
type epoch uint32

// span is the claims of the epochs from First to Last.
type span struct {
	First, Last epoch
	// Lost claims are void: a sync that had to cover them failed, so that what
	// can be read back now may not be on the disk. Those that are not lost are
	// in doubt: the machine stopped before a sync, and what can be read back
	// now is what there is.
	Lost bool
}

// cut is a time in which files were written that the machine may have lost, and
// with them the records that tell of them.
type cut struct {
	From, To time.Time
	First    epoch // of the claims made since
}

// maxSpans bounds how many spans and how many cuts are kept; there is one for
// each time that the machine stopped in mid-run.
const maxSpans = 64

// calendar says which claims may be believed.
type calendar struct {
	boot   string // the time since the machine was started; "" is unknown
	now    epoch  // of the claims that are made now
	synced epoch  // claims up to here are durable, but for those in spans
	spans  []span // claims not to be believed, in order, not overlapping
	empty  bool   // no claim was made in the epoch now

	clean bool      // nothing happened since everything was synced
	since time.Time // everything before was synced
	cuts  []cut     // power cuts, in order
}

func newCalendar() calendar { return calendar{now: 1, empty: true} }

// trust says how far a claim may be believed.
type trust uint8

const (
	believed trust = iota
	doubted        // compare with the checksum first
	lost           // owed again, whatever can be read
)

// of says how far claims of epoch e may be believed.
func (c *calendar) of(e epoch) trust {
	for _, s := range c.spans {
		switch {
		case e < s.First || e > s.Last:
		case s.Lost:
			return lost
		default:
			return doubted
		}
	}
	return believed
}

// durable reports whether claims of epoch e survive a power cut.
func (c *calendar) durable(e epoch) bool { return e <= c.synced && c.of(e) == believed }

// start begins the claims of a process that finds the machine, at a time, in
// the boot named. If that is not the boot of the claims so far, what was not
// synced is in doubt from now on.
func (c *calendar) start(boot string, at time.Time) {
	if boot == "" || boot != c.boot {
		if !c.clean && !c.since.IsZero() {
			c.cuts = append(c.cuts, cut{c.since, at, c.now + 1})
		}
		if len(c.cuts) > maxSpans {
			c.cuts[1].From = c.cuts[0].From
			c.cuts = slices.Delete(c.cuts, 0, 1)
		}
		c.distrust(false)
		c.since = at
	}
	if c.clean {
		c.since = at
	}
	c.boot, c.clean = boot, false
}

// tears reports whether a file that was changed last at t may have been written
// just before a power cut, and was not looked at in epoch e or later.
func (c *calendar) tears(t time.Time, e epoch) bool {
	return slices.ContainsFunc(c.cuts, func(w cut) bool {
		within := !t.Before(w.From.Add(-clockSlack)) && !t.After(w.To.Add(clockSlack))
		return e < w.First && (within || t.Unix() <= 0)
	})
}

// distrust ends the epoch, and puts every claim that no sync has covered in
// doubt or gives it up.
func (c *calendar) distrust(lose bool) {
	if c.now > c.synced+1 || !c.empty {
		c.add(span{c.synced + 1, c.now, lose})
	}
	c.synced = c.now
	c.now++
	c.empty = true
}

// add appends a span. When there are too many, the two oldest become one, which
// doubts more than it must and never less.
func (c *calendar) add(s span) {
	if n := len(c.spans); n > 0 && c.spans[n-1].Last+1 == s.First && c.spans[n-1].Lost == s.Lost {
		c.spans[n-1].Last = s.Last
		return
	}
	c.spans = append(c.spans, s)
	if len(c.spans) > maxSpans {
		c.spans[1].First = c.spans[0].First
		c.spans[1].Lost = c.spans[0].Lost || c.spans[1].Lost
		c.spans = slices.Delete(c.spans, 0, 1)
	}
}

// mark ends the epoch before a sync begins and returns it.
func (c *calendar) mark() epoch {
	c.now++
	c.empty = true
	return c.now - 1
}

// cover says that a sync which began at a time, after the end of epoch e, went
// well.
func (c *calendar) cover(e epoch, began time.Time) {
	if e > c.synced && e < c.now {
		c.synced = e
		c.since = began
	}
}

// claim returns the epoch for a claim made now.
func (c *calendar) claim() epoch {
	c.empty = false
	return c.now
}
