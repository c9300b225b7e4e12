// What is measured on the Grid around one beat: its QRS, and the candidates for its T and its P, each with its own
// onset, peak and offset; wave_choice.h takes one of them or none. Positions are grid points, slopes units a point.
#pragma once

#include "delineate/wave_grid.h"
#include "delineate/waves.h"

namespace cfm::delineate {

// Smoothed series of a grid; memory is kept from beat to beat.
struct QrsFilter {
  Series low, slope, activity;
  void fill(const Series& x);

 private:
  Series scratch_;
};

struct QrsMarks {
  Wave wave;                               // onset NaN: there is no QRS here
  double level = kNone;                    // of the PR segment
  double q = kNone, r = kNone, s = kNone;  // amplitudes over it
};

// Around `centre`, within [low, high].
QrsMarks measure_qrs(const Grid& g, const QrsFilter& f, double centre, double low, double high);

// A straight line in place of the QRS, so that filters do not carry it into P and T.
void bridge(Series& x, double from, double to);

struct SlowFilter {
  Series p, p_slope;        // smoothed for P
  Series t, t_slope;        // for the ends of T
  Series peak, peak_slope;  // for the peak of T
  void fill(const Series& x);

 private:
  Series scratch_;
};

struct Candidate {
  Wave wave;
  double before = 0, after = 0;  // steepest slopes before and after the peak
  double place = 0;              // of the peak after the QRS onset, s
  double score = 0;              // both slopes, and where it lies
  double votes = 0;              // of the beats around
  double amplitude = kNone;      // over the PR level
};

// Peaks within [from, to]; ends before `limit`. qrs_onset: of this beat.
void find_t(const Grid& g, const SlowFilter& f, double from, double to, double limit, TEnd rule,
            std::vector<Candidate>& out);
void find_p(const Grid& g, const SlowFilter& f, double from, double onset, std::vector<Candidate>& out);

}  // namespace cfm::delineate
