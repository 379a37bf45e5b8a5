package main

import (
	"fmt"
	"sync"
	"time"
)

// plainEvery is the time between two lines where there is no terminal.
const plainEvery = 5 * time.Second

// progress shows how a run stands until it is ended. It owns the goroutine that
// does so.
type progress struct {
	once sync.Once
	stop chan struct{}
	done chan struct{}
}

// startProgress shows what look returns: as bars on a terminal, as a plain line
// every few seconds elsewhere.
func startProgress(s *screen, color bool, look func() state) *progress {
	p := &progress{stop: make(chan struct{}), done: make(chan struct{})}
	if s.tty != nil {
		go p.bars(s, color, look)
	} else {
		go p.lines(s, look)
	}
	return p
}

func (p *progress) bars(s *screen, color bool, look func() state) {
	defer close(p.done)
	b := newBars(s, color)
	defer b.end(s)
	p.every(barsEvery, func(now time.Time) {
		st := look()
		b.show(&st, now)
	})
}

func (p *progress) lines(s *screen, look func() state) {
	defer close(p.done)
	var speed meter
	speed.note(time.Now(), look().Fetched)
	p.every(plainEvery, func(now time.Time) {
		st := look()
		speed.note(now, st.Fetched)
		fmt.Fprintln(s, "haul: "+totalLine(&st, speed.rate()))
		for _, l := range hostLines(st.Hosts, now) {
			fmt.Fprintln(s, "haul: "+l)
		}
	})
}

// every calls show at each tick until the progress is ended.
func (p *progress) every(d time.Duration, show func(time.Time)) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			show(now)
		case <-p.stop:
			return
		}
	}
}

// end takes the progress away and returns when it is gone. A nil progress and a
// second end do nothing.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.once.Do(func() { close(p.stop) })
	<-p.done
}
